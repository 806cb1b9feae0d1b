#include "ganymede/nn/data_init.h"

namespace ganymede::nn {
namespace {

thread_local bool initialising = false;

}  // namespace

DataInit::DataInit() : before_(initialising) { initialising = true; }

DataInit::~DataInit() { initialising = before_; }

bool DataInit::active() { return initialising; }

}  // namespace ganymede::nn
