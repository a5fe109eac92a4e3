//===- moe-opt.cpp - mlir-opt with this project's dialects and passes ===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXInput.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "moe/InitAll.h"
#include "llvm/Support/CommandLine.h"

#ifdef MOE_INCLUDE_TESTS
namespace mlir::moe::test {
void registerTestPasses();
} // namespace mlir::moe::test
#endif

static llvm::cl::OptionCategory onnxCategory("ONNX input");
static llvm::cl::opt<bool> allowUnregistered(
    "allow-unregistered-onnx",
    llvm::cl::desc("Accept operators that no operator set defines"),
    llvm::cl::cat(onnxCategory));
static llvm::cl::opt<bool> embedWeights(
    "embed-weights",
    llvm::cl::desc("Put the bytes of a model's weights into the output instead "
                   "of references to its files"),
    llvm::cl::cat(onnxCategory));

int main(int argc, char **argv) {
  mlir::registerAllPasses();
  moe::registerAllPasses();
#ifdef MOE_INCLUDE_TESTS
  mlir::moe::test::registerTestPasses();
#endif
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  moe::registerAllDialects(registry);

  auto [input, output] = mlir::registerAndParseCLIOptions(
      argc, argv, "moe-mlir optimizer driver\n", registry);
  mlir::MlirOptMainConfig config =
      mlir::MlirOptMainConfig::createFromCLOptions();
  bool listsOnly = config.shouldShowDialects() || config.shouldListPasses();
  if (!listsOnly && mlir::onnxir::isModelFile(input)) {
    mlir::onnxir::ImportOptions options;
    options.allowUnregistered = allowUnregistered;
    options.embedWeights = embedWeights;
    return mlir::asMainReturnCode(
        optimizeModel(input, output, options, registry));
  }
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, input, output, registry));
}
