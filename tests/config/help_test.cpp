#include "ganymede/config/help.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "example_configs.h"

namespace ganymede::config {
namespace {

using nlohmann::json;

TEST(HelpText, IsATableOfEveryField) {
  EXPECT_EQ(
      help_text({Section::defaults<example::OptimizerConfig>("optimizer.D")}),
      "key                type    default  allowed                    meaning\n"
      "optimizer.D.lr     number  0.0002   0..10                      learning rate [per step]\n"
      "optimizer.D.beta1  number  0.5      >= 0 and < 1               decay of the mean\n"
      "optimizer.D.kind   string  \"adam\"   one of sgd, adam, rmsprop  rule\n");
}

TEST(HelpText, ListLimitsAndSeveralSections) {
  const std::string text = help_text({Section::defaults<example::RunConfig>(""),
                                      Section::defaults<example::DcganConfig>("dcgan")});
  EXPECT_NE(text.find("\nseed "), std::string::npos) << text;
  EXPECT_NE(text.find("list of integers  [64, 128]         each >= 1"), std::string::npos) << text;
}

TEST(SchemaJson, DescribesSectionsWithTheirLimits) {
  const json schema = schema_json(
      {Section::defaults<example::RunConfig>(""), Section::defaults<example::TrainConfig>("train"),
       Section::defaults<example::OptimizerConfig>("optimizer.D"),
       Section::defaults<example::OptimizerConfig>("optimizer.G")},
      "dcgan");
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema["title"], "dcgan");
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_EQ(schema["properties"]["parent"]["type"], "string");
  EXPECT_EQ(schema["properties"]["seed"], json::parse(R"({"type": "integer", "minimum": 0,
      "default": 0, "description": "seed of everything random"})"));
  const json& train = schema["properties"]["train"];
  EXPECT_EQ(train["additionalProperties"], false);
  EXPECT_EQ(train["properties"]["batch"], json::parse(R"({"type": "integer", "minimum": 1,
      "maximum": 65536, "default": 64, "description": "samples per step"})"));
  EXPECT_EQ(train["properties"]["batch"].dump().find("65536.0"), std::string::npos);
  EXPECT_EQ(train["properties"]["kimg"], json::parse(R"({"type": "number", "exclusiveMinimum": 0.0,
      "default": 600.0, "description": "length of the run", "x-unit": "thousand images"})"));
  EXPECT_EQ(train["properties"]["mirror"]["type"], "boolean");
  const json& optimizer = schema["properties"]["optimizer"];
  EXPECT_EQ(optimizer["additionalProperties"], false);
  EXPECT_EQ(optimizer["properties"].size(), 2u);
  EXPECT_EQ(optimizer["properties"]["G"]["properties"]["beta1"]["exclusiveMaximum"], 1.0);
}

TEST(SchemaJson, ListsChoicesAndEnums) {
  const json schema = schema_json({Section::defaults<example::DcganConfig>("dcgan")});
  const json& fields = schema["properties"]["dcgan"]["properties"];
  EXPECT_EQ(fields["loss"]["enum"], (json{"minimax", "non_saturating", "hinge"}));
  EXPECT_EQ(fields["loss"]["default"], "non_saturating");
  EXPECT_EQ(fields["size"]["enum"], (json{28, 32, 64}));
  EXPECT_EQ(fields["widths"]["type"], "array");
  EXPECT_EQ(fields["widths"]["items"], (json{{"type", "integer"}, {"minimum", 1}}));
  EXPECT_EQ(fields["widths"]["default"], (json{64, 128}));
  EXPECT_EQ(fields["names"]["items"]["type"], "string");
}

struct Endless {
  double limit = std::numeric_limits<double>::infinity();
  static void describe(Schema<Endless>& s) {
    s.field("limit", &Endless::limit, "").range(0, std::numeric_limits<double>::infinity());
  }
};

TEST(SchemaJson, LeavesOutWhatJsonCannotHold) {
  const json field = schema_json({Section::defaults<Endless>("")})["properties"]["limit"];
  EXPECT_FALSE(field.contains("default"));
  EXPECT_FALSE(field.contains("maximum"));
  EXPECT_EQ(field["minimum"], 0.0);
}

}  // namespace
}  // namespace ganymede::config
