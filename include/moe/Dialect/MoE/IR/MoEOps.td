//===- MoEOps.td - All operations of the moe dialect -----------------*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_IR_MOEOPS
#define MOE_DIALECT_MOE_IR_MOEOPS

include "moe/Dialect/MoE/IR/GateOps.td"
include "moe/Dialect/MoE/IR/DispatchOps.td"
include "moe/Dialect/MoE/IR/WeightOps.td"
include "moe/Dialect/MoE/IR/ExpertOps.td"
include "moe/Dialect/MoE/IR/CombineOps.td"
include "moe/Dialect/MoE/IR/KernelOps.td"
include "moe/Dialect/MoE/IR/ScheduleAttributes.td"
include "moe/Dialect/MoE/IR/LaunchOps.td"

#endif // MOE_DIALECT_MOE_IR_MOEOPS
