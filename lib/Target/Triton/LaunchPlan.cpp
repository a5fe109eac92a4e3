//===- LaunchPlan.cpp - Functions of launches as JSON -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "moe/Conversion/MoEToTriton.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Target/Triton/Export.h"
#include "moe/Target/Triton/KernelText.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace mlir::moe;

namespace {
/// The plan of one function.
class FunctionPlan {
public:
  explicit FunctionPlan(func::FuncOp function) : function(function) {}

  FailureOr<llvm::json::Object> build();

private:
  /// Where a tensor stands: an argument, or a buffer.
  struct Place {
    bool isArgument;
    int64_t number;
  };

  LogicalResult collectBlock(Block &block, llvm::json::Array &steps);
  LogicalResult collectLaunch(LaunchOp op, llvm::json::Array &steps);
  LogicalResult collectIf(scf::IfOp op, llvm::json::Array &steps);
  LogicalResult collectSize(Operation *op);
  LogicalResult place(Value value, int64_t buffer);
  int64_t addBuffer(Type type, ArrayRef<std::string> dynamicSizes);
  FailureOr<int64_t> addResultBuffer(Value value);
  llvm::json::Object describe(RankedTensorType type,
                              ArrayRef<std::string> sizes);
  llvm::json::Object toJson(Place place) {
    return llvm::json::Object{
        {place.isArgument ? "argument" : "buffer", place.number}};
  }

  func::FuncOp function;
  /// Integers as expressions over the dynamic sizes of arguments.
  DenseMap<Value, std::string> sizes;
  DenseMap<Value, Place> places;
  /// Buffers that values are to stand in, decided by who uses them.
  DenseMap<Value, int64_t> wanted;
  /// Values that follow from weights alone.
  DenseSet<Value> constants;
  llvm::json::Array buffers, init;
  llvm::json::Array symbols;
};
} // namespace

static std::string elementName(Type element) {
  std::string text;
  llvm::raw_string_ostream(text) << element;
  return text;
}

/// Elements of a type as an expression.
static std::string countOf(RankedTensorType type,
                           ArrayRef<std::string> dynamicSizes) {
  std::string text;
  auto sizes = dynamicSizes.begin();
  for (int64_t size : type.getShape()) {
    if (!text.empty())
      text += "*";
    text += ShapedType::isDynamic(size) ? "(" + *sizes++ + ")"
                                        : std::to_string(size);
  }
  return text.empty() ? "1" : text;
}

int64_t FunctionPlan::addBuffer(Type type, ArrayRef<std::string> dynamicSizes) {
  auto tensor = cast<RankedTensorType>(type);
  int64_t bytes =
      llvm::divideCeil(tensor.getElementType().getIntOrFloatBitWidth(), 8);
  buffers.push_back(llvm::json::Object{
      {"bytes", countOf(tensor, dynamicSizes) + "*" + std::to_string(bytes)}});
  return buffers.size() - 1;
}

/// Decides that `value` stands in `buffer`, and so what it is made in place of.
LogicalResult FunctionPlan::place(Value value, int64_t buffer) {
  wanted[value] = buffer;
  if (auto cast = value.getDefiningOp<tensor::CastOp>())
    return place(cast.getSource(), buffer);
  if (auto branch = value.getDefiningOp<scf::IfOp>()) {
    unsigned number = cast<OpResult>(value).getResultNumber();
    for (Region *region : {&branch.getThenRegion(), &branch.getElseRegion()})
      if (failed(place(region->front().getTerminator()->getOperand(number),
                       buffer)))
        return failure();
    return success();
  }
  auto launch = value.getDefiningOp<LaunchOp>();
  if (!launch)
    return function.emitOpError(
        "returns or yields what is not the result of a launch");
  Value target = launch.getOutputs()[cast<OpResult>(value).getResultNumber()];
  if (target.getDefiningOp<tensor::EmptyOp>())
    return success();
  return place(target, buffer);
}

/// The tensor.empty that a value is written to.
static tensor::EmptyOp findEmpty(Value value) {
  if (auto cast = value.getDefiningOp<tensor::CastOp>())
    return findEmpty(cast.getSource());
  unsigned number =
      isa<OpResult>(value) ? cast<OpResult>(value).getResultNumber() : 0;
  if (auto branch = value.getDefiningOp<scf::IfOp>())
    return findEmpty(branch.thenYield().getOperand(number));
  if (auto launch = value.getDefiningOp<LaunchOp>())
    return findEmpty(launch.getOutputs()[number]);
  return value.getDefiningOp<tensor::EmptyOp>();
}

FailureOr<int64_t> FunctionPlan::addResultBuffer(Value value) {
  tensor::EmptyOp empty = findEmpty(value);
  if (!empty) {
    function.emitOpError("returns or yields what no launch writes anew");
    return failure();
  }
  // Its sizes are known before the launches, whichever branch it stands in.
  SmallVector<std::string> dynamicSizes;
  for (Value size : empty.getDynamicSizes()) {
    if (!sizes.count(size) &&
        (!size.getDefiningOp() || failed(collectSize(size.getDefiningOp()))))
      return failure();
    dynamicSizes.push_back(sizes[size]);
  }
  int64_t buffer = addBuffer(empty.getType(), dynamicSizes);
  if (failed(place(value, buffer)))
    return failure();
  return buffer;
}

/// Integers: constants, sizes of arguments, and arithmetic on them.
LogicalResult FunctionPlan::collectSize(Operation *op) {
  auto operand = [&](unsigned i) -> std::string {
    Value value = op->getOperand(i);
    if (!sizes.count(value) && value.getDefiningOp())
      (void)collectSize(value.getDefiningOp());
    return sizes.lookup(value);
  };
  std::string text;
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    auto integer = dyn_cast<IntegerAttr>(constant.getValue());
    if (!integer)
      return success(); // Of no size.
    text = std::to_string(integer.getInt());
  } else if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    std::optional<int64_t> index = dim.getConstantIndex();
    auto argument = dyn_cast<BlockArgument>(dim.getSource());
    if (!index || !argument ||
        argument.getOwner() != &function.getBody().front())
      return op->emitOpError("is the size of no argument");
    text = "d" + std::to_string(symbols.size());
    for (auto [i, known] : llvm::enumerate(symbols)) {
      const llvm::json::Object &symbol = *known.getAsObject();
      if (symbol.getInteger("argument") == argument.getArgNumber() &&
          symbol.getInteger("dim") == *index)
        text = "d" + std::to_string(i);
    }
    if (text == "d" + std::to_string(symbols.size()))
      symbols.push_back(llvm::json::Object{
          {"argument", int64_t(argument.getArgNumber())}, {"dim", *index}});
  } else if (isa<arith::IndexCastOp>(op)) {
    text = operand(0);
  } else {
    StringRef infix =
        llvm::StringSwitch<StringRef>(op->getName().getStringRef())
            .Case("arith.addi", "+")
            .Case("arith.subi", "-")
            .Case("arith.muli", "*")
            .Cases({"arith.divui", "arith.divsi"}, "/")
            .Default("");
    StringRef call = llvm::StringSwitch<StringRef>(op->getName().getStringRef())
                         .Cases({"arith.minui", "arith.minsi"}, "min")
                         .Cases({"arith.maxui", "arith.maxsi"}, "max")
                         .Default("");
    if (infix.empty() && call.empty())
      return op->emitOpError("cannot be part of a plan of launches");
    std::string x = operand(0), y = operand(1);
    if (x.empty() || y.empty())
      return op->emitOpError("is of sizes that no argument has");
    text = call.empty() ? ("(" + x + infix + y + ")").str()
                        : (call + "(" + x + "," + y + ")").str();
  }
  if (text.empty())
    return op->emitOpError("is of sizes that no argument has");
  sizes[op->getResult(0)] = text;
  return success();
}

LogicalResult FunctionPlan::collectLaunch(LaunchOp op,
                                          llvm::json::Array &steps) {
  llvm::json::Array grid, arguments;
  for (Value size : op.getGrid())
    grid.push_back(sizes.lookup(size));
  bool isConstant = true;
  for (Value input : op.getInputs()) {
    if (!isa<RankedTensorType>(input.getType())) {
      if (!sizes.count(input))
        return op.emitOpError("has a scalar that no argument's size gives");
      arguments.push_back(llvm::json::Object{
          {elementName(input.getType()), sizes.lookup(input)}});
      isConstant &= static_cast<bool>(input.getDefiningOp<arith::ConstantOp>());
      continue;
    }
    auto found = places.find(input);
    if (found == places.end())
      return op.emitOpError("reads what no launch has written");
    arguments.push_back(toJson(found->second));
    isConstant &= constants.contains(input);
  }
  for (auto [output, result] :
       llvm::zip_equal(op.getOutputs(), op.getResults())) {
    Place target;
    if (auto empty = output.getDefiningOp<tensor::EmptyOp>()) {
      SmallVector<std::string> dynamicSizes;
      for (Value size : empty.getDynamicSizes())
        dynamicSizes.push_back(sizes.lookup(size));
      auto decided = wanted.find(result);
      target = {false, decided != wanted.end()
                           ? decided->second
                           : addBuffer(empty.getType(), dynamicSizes)};
      isConstant &= dynamicSizes.empty();
    } else {
      // Written in place: nobody else may read what was there.
      auto found = places.find(output);
      if (found == places.end() || found->second.isArgument ||
          !output.hasOneUse())
        return op.emitOpError("writes to a tensor that others read");
      target = found->second;
      isConstant &= constants.contains(output);
    }
    places[result] = target;
    arguments.push_back(toJson(target));
  }
  llvm::json::Object step{{"launch", op.getKernel()},
                          {"grid", std::move(grid)},
                          {"arguments", std::move(arguments)}};
  if (!isConstant) {
    steps.push_back(std::move(step));
    return success();
  }
  for (Value result : op.getResults()) {
    constants.insert(result);
    // What is made once must last.
    (*buffers[places[result].number].getAsObject())["persistent"] = true;
  }
  init.push_back(std::move(step));
  return success();
}

LogicalResult FunctionPlan::collectIf(scf::IfOp op, llvm::json::Array &steps) {
  auto compare = op.getCondition().getDefiningOp<arith::CmpIOp>();
  if (!compare || !sizes.count(compare.getLhs()) ||
      !sizes.count(compare.getRhs()) ||
      (compare.getPredicate() != arith::CmpIPredicate::ule &&
       compare.getPredicate() != arith::CmpIPredicate::eq))
    return op.emitOpError("does not compare sizes");
  for (Value result : op.getResults()) {
    auto decided = wanted.find(result);
    if (decided != wanted.end()) {
      places[result] = {false, decided->second};
      continue;
    }
    if (result.use_empty())
      continue;
    FailureOr<int64_t> buffer = addResultBuffer(result);
    if (failed(buffer))
      return failure();
    places[result] = {false, *buffer};
  }
  llvm::json::Array thenSteps, elseSteps;
  if (failed(collectBlock(*op.thenBlock(), thenSteps)) ||
      (op.elseBlock() && failed(collectBlock(*op.elseBlock(), elseSteps))))
    return failure();
  llvm::json::Array condition{
      sizes[compare.getLhs()],
      arith::stringifyCmpIPredicate(compare.getPredicate()),
      sizes[compare.getRhs()]};
  llvm::json::Array cases;
  cases.push_back(llvm::json::Object{{"if", std::move(condition)},
                                     {"steps", std::move(thenSteps)}});
  // A chain of branches is one list, so that nesting stays low.
  llvm::json::Array *more = nullptr;
  if (elseSteps.size() == 1)
    more = elseSteps[0].getAsObject()->getArray("cases");
  if (more)
    for (llvm::json::Value &entry : *more)
      cases.push_back(std::move(entry));
  else
    cases.push_back(llvm::json::Object{{"steps", std::move(elseSteps)}});
  steps.push_back(llvm::json::Object{{"cases", std::move(cases)}});
  return success();
}

LogicalResult FunctionPlan::collectBlock(Block &block,
                                         llvm::json::Array &steps) {
  for (Operation &op : block.without_terminator()) {
    LogicalResult done = success();
    if (auto launch = dyn_cast<LaunchOp>(op)) {
      done = collectLaunch(launch, steps);
    } else if (auto branch = dyn_cast<scf::IfOp>(op)) {
      done = collectIf(branch, steps);
    } else if (auto cast = dyn_cast<tensor::CastOp>(op)) {
      auto found = places.find(cast.getSource());
      if (found != places.end()) {
        Place source = found->second;
        places[cast.getResult()] = source;
      }
      if (constants.contains(cast.getSource()))
        constants.insert(cast.getResult());
    } else if (!isa<tensor::EmptyOp, arith::CmpIOp>(op)) {
      done = collectSize(&op);
    }
    if (failed(done))
      return failure();
  }
  return success();
}

llvm::json::Object FunctionPlan::describe(RankedTensorType type,
                                          ArrayRef<std::string> dynamicSizes) {
  llvm::json::Array shape;
  auto sizes = dynamicSizes.begin();
  for (int64_t size : type.getShape()) {
    if (!ShapedType::isDynamic(size))
      shape.push_back(size);
    else if (sizes != dynamicSizes.end())
      shape.push_back(*sizes++);
    else
      shape.push_back(nullptr);
  }
  return llvm::json::Object{{"element", elementName(type.getElementType())},
                            {"shape", std::move(shape)}};
}

FailureOr<llvm::json::Object> FunctionPlan::build() {
  if (!function.getBody().hasOneBlock())
    return function.emitOpError("has several blocks"), failure();
  Block &block = function.getBody().front();
  llvm::json::Array arguments, results, steps;
  for (BlockArgument argument : block.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      return function.emitOpError("takes what is no ranked tensor"), failure();
    llvm::json::Object description = describe(type, {});
    if (function.getArgAttr(argument.getArgNumber(), kWeightArgument)) {
      description["weight"] = true;
      constants.insert(argument);
    }
    arguments.push_back(std::move(description));
    places[argument] = {true, argument.getArgNumber()};
  }
  for (Value value : block.getTerminator()->getOperands()) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type)
      return function.emitOpError("returns what is no ranked tensor"),
             failure();
    FailureOr<int64_t> buffer = addResultBuffer(value);
    if (failed(buffer))
      return failure();
    tensor::EmptyOp empty = findEmpty(value);
    SmallVector<std::string> dynamicSizes;
    for (Value size : empty.getDynamicSizes())
      dynamicSizes.push_back(sizes[size]);
    llvm::json::Object description = describe(empty.getType(), dynamicSizes);
    description["buffer"] = *buffer;
    (*buffers[*buffer].getAsObject())["result"] = int64_t(results.size());
    results.push_back(std::move(description));
  }
  if (failed(collectBlock(block, steps)))
    return failure();
  return llvm::json::Object{
      {"name", function.getSymName()}, {"arguments", std::move(arguments)},
      {"results", std::move(results)}, {"sizes", std::move(symbols)},
      {"buffers", std::move(buffers)}, {"init", std::move(init)},
      {"steps", std::move(steps)}};
}

LogicalResult mlir::moe::exportLaunchPlan(ModuleOp module,
                                          llvm::raw_ostream &os) {
  llvm::json::Array kernels, functions;
  for (auto kernel : module.getOps<tt::FuncOp>()) {
    llvm::json::Object entry{{"name", kernel.getSymName()},
                             {"ttir", getKernelText(kernel)}};
    if (kernel->hasAttr(kOverlap))
      entry["launch_pdl"] = true;
    for (auto [key, name] : {std::pair("num_warps", kNumWarps),
                             std::pair("num_stages", kNumStages)}) {
      auto attr = kernel->getAttrOfType<IntegerAttr>(name);
      if (!attr)
        return kernel.emitOpError("has no ") << name;
      entry[key] = attr.getInt();
    }
    kernels.push_back(std::move(entry));
  }
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isExternal())
      continue;
    FailureOr<llvm::json::Object> plan = FunctionPlan(function).build();
    if (failed(plan))
      return failure();
    functions.push_back(std::move(*plan));
  }
  llvm::json::OStream stream(os, /*IndentSize=*/1);
  stream.value(llvm::json::Object{{"version", 1},
                                  {"triton", "3.9"},
                                  {"kernels", std::move(kernels)},
                                  {"functions", std::move(functions)}});
  os << "\n";
  return success();
}
