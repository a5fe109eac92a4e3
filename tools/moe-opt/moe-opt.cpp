//===- moe-opt.cpp - mlir-opt with this project's dialects and passes ===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../common/LibraryOptions.h"
#include "../common/ONNXImport.h"
#include "ONNXInput.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "moe/Conversion/ONNXToLinalg.h"
#include "moe/InitAll.h"
#include "llvm/Support/CommandLine.h"

#ifdef MOE_INCLUDE_TESTS
namespace mlir::moe::test {
void registerTestPasses();
} // namespace mlir::moe::test
#endif

static llvm::cl::opt<bool> listONNXOperators(
    "list-onnx-operators",
    llvm::cl::desc("Print the ONNX operators that can be compiled"));

int main(int argc, char **argv) {
  hideLibraryOptions();
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
      argc, argv, "Runs passes on MLIR modules and on ONNX models\n", registry);
  if (listONNXOperators) {
    mlir::moe::printONNXOperators(llvm::outs());
    return 0;
  }
  mlir::MlirOptMainConfig config =
      mlir::MlirOptMainConfig::createFromCLOptions();
  bool listsOnly = config.shouldShowDialects() || config.shouldListPasses();
  if (!listsOnly && mlir::onnxir::isModelFile(input)) {
    return mlir::asMainReturnCode(
        optimizeModel(input, output, getONNXImportOptions(), registry));
  }
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, input, output, registry));
}
