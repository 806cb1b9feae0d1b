// What decides the last bits of a run beside its recipe: how this process computes convolutions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace ganymede::train {

// {"conv": mode, "vectors": the CPU's vector instructions in use, "choices": ops::conv_choices()}.
nlohmann::json engine_state();

// Takes over the choices in `found`, which engine_state() gave when the run was saved (null: an
// older checkpoint, nothing happens). Another mode or other vectors are a warning, which names
// `where`: the run goes on, but no longer with the bits of an unbroken one. Throws ModelError when
// `found` is not understood.
void resume_engine(const nlohmann::json& found, const std::string& where);

}  // namespace ganymede::train
