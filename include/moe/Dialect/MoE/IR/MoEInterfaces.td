//===- MoEInterfaces.td - Interfaces of the moe dialect ----*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_IR_MOEINTERFACES
#define MOE_DIALECT_MOE_IR_MOEINTERFACES

include "mlir/IR/OpBase.td"

def ExpertSetOpInterface : OpInterface<"ExpertSetOpInterface"> {
  let cppNamespace = "::mlir::moe";
  let description = [{
    An operation whose single result, of type `!moe.experts`, is a set of
    experts of one kind. Implement it to add a kind of expert in another
    dialect: every lowering falls back to `buildRows`.
  }];
  let methods = [
    InterfaceMethod<[{
        Builds what expert `expert` (an index within this set) does to `rows`
        (tensor<?xinSizexT>) and returns a tensor<?xoutSizexT> with the same
        number of rows. This is the definition of the kind, not a fast
        lowering of it. Fails, having emitted an error, when an operand of the
        set is not visible in the function.
      }],
      "::mlir::FailureOr<::mlir::Value>", "buildRows",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Value":$expert, "::mlir::Value":$rows)>
  ];
}

def ConstantDataOpInterface : OpInterface<"ConstantDataOpInterface"> {
  let cppNamespace = "::mlir::moe";
  let description = [{
    An operation whose single result is a constant tensor that is not in the IR,
    as initializers of a model in a file.
  }];
  let methods = [
    InterfaceMethod<[{
        Whether elements [first, first + count) of the result, in row-major
        order, are all +0. Stops reading at the first other one. False where
        the data cannot be read.
      }],
      "bool", "isZeroData", (ins "::mlir::SymbolTableCollection &":$symbolTables,
                                 "int64_t":$first, "int64_t":$count)>
  ];
}

#endif // MOE_DIALECT_MOE_IR_MOEINTERFACES
