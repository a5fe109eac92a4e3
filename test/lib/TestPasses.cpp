//===- TestPasses.cpp - Registration of the test passes ---------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

namespace mlir::moe::test {

void registerTestEmitBytecodePass();
void registerTestMatchRoutingPass();
void registerTestUnfuseExpertFFNPass();
void registerTestPasses();

} // namespace mlir::moe::test

/// Registers the passes of test/lib.
void mlir::moe::test::registerTestPasses() {
  registerTestEmitBytecodePass();
  registerTestUnfuseExpertFFNPass();
  registerTestMatchRoutingPass();
}
