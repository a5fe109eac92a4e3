//===- ScheduleAttributes.td - Machines and schedules ------*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_IR_SCHEDULEATTRIBUTES
#define MOE_DIALECT_MOE_IR_SCHEDULEATTRIBUTES

include "moe/Dialect/MoE/IR/MoEAttributes.td"

def MoE_TargetAttr : MoE_Attr<"Target", "target"> {
  let summary = "the limits of a machine";
  let description = [{
    What a machine can do at most, as measured; it stands as the attribute
    `moe.target` on a module or a function.

    | parameter | meaning |
    |---|---|
    | `flops_f64`, `flops_f32`, `flops_16`, `flops_8` | peak operations per second on numbers of so many bits; 0: f64 has half of f32, smaller ones that of the next wider |
    | `memory` | bytes per second from memory |
    | `link` | bytes per second from another device or host; 0: there is none |
    | `launch` | seconds that starting a kernel costs |
    | `units` | cores or multiprocessors |
    | `cache` | bytes of the last cache |
    | `tile_rows`, `tile_columns` | result elements that a unit computes at a time |
    | `grouped` | share of the peak that a grouped GEMM reaches, a dense one reaching all |

    ```mlir
    module attributes {moe.target = #moe.target<flops_f32 = 1.0e12,
        memory = 2.0e10, units = 8, tile_rows = 12, tile_columns = 32>} { … }
    ```
  }];
  let parameters = (ins
    MoE_RealOr<"0.0">:$flops_f64, MoE_RealOr<"0.0">:$flops_f32,
    MoE_RealOr<"0.0">:$flops_16, MoE_RealOr<"0.0">:$flops_8,
    MoE_RealOr<"0.0">:$memory, MoE_RealOr<"0.0">:$link,
    MoE_RealOr<"0.0">:$launch,
    DefaultValuedParameter<"int64_t", "1">:$units,
    DefaultValuedParameter<"int64_t", "0">:$cache,
    DefaultValuedParameter<"int64_t", "128">:$tile_rows,
    DefaultValuedParameter<"int64_t", "128">:$tile_columns,
    MoE_RealOr<"1.0">:$grouped);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def MoE_ChunkAttr : MoE_Attr<"Chunk", "chunk"> {
  let summary = "consecutive experts that are computed together";
  let description = [{
    `#moe.chunk<experts = [0, 8], gemm = grouped>`: experts 0 to 7 of a plan, by
    one grouped GEMM for all, or, with `dense`, by one GEMM for each.
  }];
  let parameters = (ins "int64_t":$begin, "int64_t":$end,
                        EnumParameter<MoE_GemmKind>:$gemm);
  let assemblyFormat =
      "`<` `experts` `=` `[` $begin `,` $end `]` `,` `gemm` `=` $gemm `>`";
  let genVerifyDecl = 1;
}

def MoE_ScheduleAttr : MoE_Attr<"Schedule", "schedule"> {
  let summary = "the order in which chunks of experts are computed";
  let description = [{
    Stands as the attribute `moe.schedule` on a `moe.experts`; a lowering may
    follow it, since the result is the same whatever the order.

    ```mlir
    #moe.schedule<[<experts = [8, 16], gemm = dense>,
                   <experts = [0, 8], gemm = grouped>]>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::moe::ChunkAttr">:$chunks);
  let assemblyFormat = "`<` `[` $chunks `]` `>`";
  let genVerifyDecl = 1;
}

#endif // MOE_DIALECT_MOE_IR_SCHEDULEATTRIBUTES
