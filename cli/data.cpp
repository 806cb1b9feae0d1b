// gan data info, gan data schema, gan data convert.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/data_flags.h"
#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/text.h"
#include "ganymede/core/tuning.h"
#include "ganymede/data/convert.h"
#include "ganymede/data/find.h"
#include "ganymede/data/inspect.h"
#include "ganymede/data/table/schema.h"
#include "ganymede/media/codec.h"

namespace ganymede::cli {
namespace {

struct Arguments {
  std::string path, split = "train", crop = "center", schema, out;
  int64_t size_px = 0;
  bool strict = false;
  std::vector<std::string> sets;
  std::string destination, sheet;
  bool force = false;
};

data::DataConfig config_of(const Arguments& args) {
  return bind_data({{"data.path", args.path, "path"},
                    {"data.split", args.split, "--split"},
                    {"data.size_px", args.size_px, "--size"},
                    {"data.crop", args.crop, "--crop"},
                    {"data.strict", args.strict, "--strict"},
                    {"data.schema", args.schema, "--schema"}},
                   args.sets);
}

void run_info(const Arguments& args, const Context& context) {
  tune_process(0);
  const data::DataConfig config = config_of(args);
  Progress progress(context.progress(), "reading " + args.path, "samples");
  const data::DataReport report = data::inspect(config, &progress);
  progress.finish("");
  if (args.strict && !report.broken.empty()) {
    throw DataError({.where = report.broken.front().path,
                     .found = report.broken.front().reason,
                     .remedy = "leave --strict out to see everything"});
  }
  if (!args.sheet.empty()) media::write_image(args.sheet, report.sheet);
  if (context.json) return print(data::report_json(report).dump());
  print(data::report_text(report));
  if (!args.sheet.empty()) print("sheet        " + args.sheet);
}

void run_schema(const Arguments& args, const Context& context) {
  const data::TableSchema schema = data::infer_schema(
      data::find_data(args.path),
      args.schema.empty() ? data::SchemaHints{} : data::read_schema_hints(args.schema));
  const std::string text = data::to_json(schema).dump(context.json ? -1 : 2);
  if (args.out.empty()) return print(text);
  write_file_atomic(args.out, text + "\n");
  print(args.out);
}

void run_convert(const Arguments& args, const Context& context) {
  tune_process(0);
  const data::DataConfig config = config_of(args);
  Progress progress(context.progress(), "writing " + args.destination, "images");
  const data::ConvertResult result =
      data::convert_to_zip(config, args.destination, args.force, &progress);
  progress.finish("");
  nlohmann::json broken = nlohmann::json::array();
  for (const data::BrokenFile& file : result.broken) {
    broken.push_back({{"path", file.path}, {"reason", file.reason}});
    if (!context.json) print("skipped " + file.path + ": " + file.reason);
  }
  if (context.json) {
    return print(nlohmann::json{
        {"event", "done"},
        {"path", args.destination},
        {"samples", result.samples},
        {"bytes", result.bytes},
        {"broken",
         broken}}.dump());
  }
  print(fmt::format("{} images, {} in {}", result.samples, format_bytes(result.bytes),
                    args.destination));
}

std::vector<Option> common_options(Arguments& args) {
  return {{"path", "built-in name, file or folder", &args.path, true},
          {"--split", "train, test, all", &args.split},
          {"--size", "resize to this many pixels a side; 0: as stored", &args.size_px},
          {"--crop", "before resizing", &args.crop, false, {"center", "none"}},
          {"--strict", "stop at the first broken file", &args.strict},
          {"--schema", "of a table: JSON that corrects what is inferred", &args.schema},
          {"--set,-s", "data.key=value: any other key of [data]", &args.sets}};
}

}  // namespace

Command data_command() {
  auto info = std::make_shared<Arguments>();
  auto convert = std::make_shared<Arguments>();
  auto schema = std::make_shared<Arguments>();
  std::vector<Option> info_options = common_options(*info);
  info_options.push_back({"--sheet", "write a contact sheet to this picture", &info->sheet});
  std::vector<Option> convert_options = common_options(*convert);
  convert_options.push_back({"destination", "the zip to make", &convert->destination, true});
  convert_options.push_back({"--force", "replace an existing file", &convert->force});
  return {.name = "data",
          .help = "look at data, and convert it",
          .children = {
              {.name = "info",
               .help = "what the data is: counts, sizes, labels, broken files",
               .options = info_options,
               .run = [info](const Context& context) { run_info(*info, context); },
               .footer = "gan data info ~/pictures --sheet sheet.png"},
              {.name = "schema",
               .help = "the columns of a table as JSON, to be corrected and given back",
               .options = {{"path", "a table", &schema->path, true},
                           {"--schema", "JSON that corrects what is inferred", &schema->schema},
                           {"--out,-o", "a file; else it is shown", &schema->out}},
               .run = [schema](const Context& context) { run_schema(*schema, context); },
               .footer = "gan data schema adult.csv -o schema.json"},
              {.name = "convert",
               .help = "to an uncompressed zip with dataset.json (StyleGAN's form)",
               .options = convert_options,
               .run = [convert](const Context& context) { run_convert(*convert, context); },
               .footer = "gan data convert ~/pictures faces64.zip --size 64 --crop center"}}};
}

}  // namespace ganymede::cli
