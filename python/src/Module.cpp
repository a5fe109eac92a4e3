//===- Module.cpp - The Python module _compiler -----------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compiler.h"
#include "moe-runtime/Parallel.h"
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace nb = nanobind;
using namespace moe;
using namespace moe::python;

/// The exception `moe_mlir.Error`.
static nb::handle errorType;

[[noreturn]] static void raise(const std::string &message) {
  PyErr_SetString(errorType.ptr(), message.c_str());
  throw nb::python_error();
}

/// What NumPy and DLPack call the elements; nothing for types that share bytes.
static std::optional<nb::dlpack::dtype> getDtype(rt::ElementType type) {
  using nb::dlpack::dtype_code;
  auto make = [](dtype_code code, unsigned bits) {
    return nb::dlpack::dtype{uint8_t(code), uint8_t(bits), 1};
  };
  switch (type) {
  case rt::ElementType::I1:
    return make(dtype_code::Bool, 8);
  case rt::ElementType::I8:
  case rt::ElementType::I16:
  case rt::ElementType::I32:
  case rt::ElementType::I64:
    return make(dtype_code::Int, rt::getStorageBits(type));
  case rt::ElementType::F16:
  case rt::ElementType::F32:
  case rt::ElementType::F64:
    return make(dtype_code::Float, rt::getStorageBits(type));
  case rt::ElementType::ComplexF32:
  case rt::ElementType::ComplexF64:
    return make(dtype_code::Complex, rt::getStorageBits(type));
  default:
    // Others travel as unsigned integers of their width, and are named by the
    // Python side.
    if (rt::getStorageBits(type) < 8)
      return std::nullopt;
    return make(dtype_code::UInt, rt::getStorageBits(type));
  }
}

using InputArray = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;

/// Sets an input to an array, which must be of its type.
static void setInput(Caller &caller, const rt::EntrySpec &spec, size_t index,
                     const InputArray &array) {
  const rt::InputSpec &input = spec.inputs[index];
  std::vector<int64_t> dims;
  for (size_t i = 0; i < array.ndim(); ++i)
    dims.push_back(array.shape(i));
  std::optional<nb::dlpack::dtype> wanted = getDtype(input.type);
  bool isBrainFloat =
      input.type == rt::ElementType::BF16 &&
      array.dtype() ==
          nb::dlpack::dtype{uint8_t(nb::dlpack::dtype_code::Bfloat), 16, 1};
  if (!wanted || (array.dtype() != *wanted && !isBrainFloat))
    raise("input '" + input.name + "' has elements of another type than the " +
          std::string(rt::getName(input.type)) + " that the model expects");
  std::string error;
  // Compiled code reads its inputs only.
  if (!caller.setInput(index, const_cast<void *>(array.data()), dims, error))
    raise(error);
}

/// A result as an array that keeps the caller, whose memory it is in.
static nb::object getResult(const std::shared_ptr<Caller> &caller,
                            const rt::EntrySpec &spec, size_t index) {
  const rt::TensorSpec &output = spec.outputs[index];
  std::optional<nb::dlpack::dtype> dtype = getDtype(output.type);
  if (!dtype)
    raise("output '" + output.name + "' has elements of type " +
          std::string(rt::getName(output.type)) + ", which NumPy has not");
  const void *data;
  std::vector<int64_t> dims;
  std::string error;
  if (!caller->getResult(index, data, dims, error))
    raise(error);
  std::vector<size_t> shape(dims.begin(), dims.end());
  nb::capsule owner(new std::shared_ptr<Caller>(caller),
                    [](void *held) noexcept {
                      delete static_cast<std::shared_ptr<Caller> *>(held);
                    });
  nb::ndarray<nb::numpy> array(const_cast<void *>(data), shape.size(),
                               shape.data(), owner, nullptr, *dtype);
  return nb::cast(std::move(array), nb::rv_policy::reference);
}

/// Calls the model; an input of None is one that has a default.
static std::vector<nb::object>
run(Model &model, const std::vector<std::optional<InputArray>> &inputs) {
  const rt::EntrySpec &spec = model.getSpec();
  if (inputs.size() != spec.inputs.size())
    raise("the model has " + std::to_string(spec.inputs.size()) + " inputs");
  std::shared_ptr<Caller> caller = model.takeCaller();
  for (size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i])
      setInput(*caller, spec, i, *inputs[i]);
  std::string error;
  bool done;
  {
    nb::gil_scoped_release release;
    done = caller->run(error);
  }
  if (!done)
    raise(error);
  std::vector<nb::object> results;
  for (size_t i = 0; i < spec.outputs.size(); ++i)
    results.push_back(getResult(caller, spec, i));
  return results;
}

/// (name, type, sizes, names of sizes, has a default)
static nb::tuple describe(const rt::TensorSpec &spec, bool hasDefault) {
  return nb::make_tuple(spec.name, std::string(rt::getName(spec.type)),
                        spec.dims, spec.dimNames, hasDefault);
}

NB_MODULE(_compiler, m) {
  m.doc() = "The compiled half of moe_mlir; see there.";
  errorType = nb::exception<std::runtime_error>(m, "Error");
  m.def("set_num_threads", moe_set_num_threads);
  m.def("get_num_threads", moe_get_num_threads);

  nb::class_<Model>(m, "Model")
      .def("run", run, nb::arg("inputs").noconvert())
      .def_prop_ro("entry",
                   [](const Model &model) { return model.getSpec().name; })
      .def_prop_ro("inputs",
                   [](const Model &model) {
                     nb::list list;
                     for (const rt::InputSpec &spec : model.getSpec().inputs)
                       list.append(describe(spec, spec.defaultWeight >= 0));
                     return list;
                   })
      .def_prop_ro("outputs",
                   [](const Model &model) {
                     nb::list list;
                     for (const rt::TensorSpec &spec : model.getSpec().outputs)
                       list.append(describe(spec, false));
                     return list;
                   })
      .def("profile", [](Model &model) {
        nb::list list;
        for (const rt::Profile::Phase &phase : model.getPhases()) {
          nb::object rows =
              phase.countsRows ? nb::cast(phase.rows) : nb::none();
          nb::object products =
              phase.countsRows ? nb::cast(phase.products) : nb::none();
          list.append(nb::make_tuple(phase.node, phase.kind, phase.seconds,
                                     phase.count, rows, products));
        }
        return list;
      });

  m.def(
      "compile",
      [](const std::string &path, const std::string &entry,
         const std::string &mcpu, const std::string &pipeline,
         const std::vector<std::string> &without, bool keepDefaults,
         bool roundActivations, bool profile, bool cache) {
        CompileRequest request{path,
                               entry,
                               mcpu,
                               pipeline,
                               without,
                               keepDefaults,
                               roundActivations,
                               profile,
                               cache};
        std::string error;
        std::shared_ptr<Model> model;
        {
          nb::gil_scoped_release release;
          model = Model::compile(request, error);
        }
        if (!model)
          raise(error);
        return model;
      },
      nb::arg("path"), nb::arg("entry"), nb::arg("mcpu"), nb::arg("pipeline"),
      nb::arg("without"), nb::arg("keep_defaults"),
      nb::arg("round_activations"), nb::arg("profile"), nb::arg("cache"));

  m.def(
      "opt",
      [](const std::string &text, const std::string &pipeline) {
        std::string error, result;
        {
          nb::gil_scoped_release release;
          result = optimizeText(text, pipeline, error);
        }
        if (!error.empty())
          raise(error);
        return result;
      },
      nb::arg("text"), nb::arg("pipeline"));

  m.def(
      "optimize_onnx",
      [](const std::string &input, const std::string &output,
         const std::string &target) {
        std::string error;
        bool done;
        {
          nb::gil_scoped_release release;
          done = optimizeONNX(input, output, target, error);
        }
        if (!done)
          raise(error);
      },
      nb::arg("input"), nb::arg("output"), nb::arg("target"));
}
