// RUN: moe-opt %s --convert-moe-to-triton | moe-translate --moe-to-triton | FileCheck %s
// RUN: moe-opt %s --convert-moe-to-triton | moe-translate --moe-to-triton | moe-opt --split-input-file | FileCheck %s
// RUN: moe-opt %s --convert-moe-to-triton --canonicalize --cse | moe-translate --moe-to-launch-plan | FileCheck %s --check-prefix=PLAN
// RUN: not moe-translate --moe-to-triton %s 2>&1 | FileCheck %s --check-prefix=NONE

// One module for each kernel; Triton knows none of our attributes.
// CHECK: module {
// CHECK-NEXT: tt.func public @moe_pack_{{.*}}(%{{.*}}: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %{{.*}}: i32, %{{.*}}: i32, %{{.*}}: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
// CHECK-NOT: moe.
// CHECK: // -----
// CHECK: module {
// CHECK: tt.func public @moe_vector1_
// CHECK: // -----
// CHECK: tt.func public @moe_plan_
// CHECK: // -----
// CHECK: tt.func public @moe_gemm1_
// CHECK: // -----
// CHECK: tt.func public @moe_gemm2_

// PLAN: "functions": [
// PLAN: "arguments": [
// PLAN: "element": "f32",
// PLAN-NEXT: "shape": [
// PLAN-NEXT: null,
// PLAN-NEXT: 16
// PLAN: "weight": true
// PLAN: "buffers": [
// The result, which the caller gives.
// PLAN: "bytes": "(d0)*16*4",
// PLAN-NEXT: "result": 0
// Packed weights, made once.
// PLAN: "bytes": "2*64*16*4",
// PLAN-NEXT: "persistent": true
// PLAN: "init": [
// PLAN: "launch": "moe_pack_
// PLAN: "launch": "moe_pack_
// PLAN: "name": "layer",
// PLAN: "results": [
// PLAN: "buffer": 0,
// PLAN: "sizes": [
// PLAN: "argument": 0,
// PLAN-NEXT: "dim": 0
// PLAN: "steps": [
// PLAN: "cases": [
// PLAN: "if": [
// PLAN-NEXT: "d0",
// PLAN-NEXT: "eq",
// PLAN-NEXT: "1"
// PLAN: "launch": "moe_vector1_
// PLAN: "if": [
// PLAN-NEXT: "d0",
// PLAN-NEXT: "ule",
// PLAN: "launch": "moe_plan_
// PLAN: "grid": [
// PLAN-NEXT: "((d0/16)+min(d0,2))"
// PLAN-NEXT: ],
// PLAN-NEXT: "launch": "moe_gemm1_
// PLAN: "launch": "moe_count_
// PLAN: "kernels": [
// PLAN: "launch_pdl": true,
// PLAN-NEXT: "name": "moe_pack_{{.*}}",
// PLAN-NEXT: "num_stages": 1,
// PLAN-NEXT: "num_warps": 4,
// PLAN-NEXT: "ttir": "module {\n  tt.func public @moe_pack_
// PLAN: "triton": "3.9",
// PLAN-NEXT: "version": 1

// NONE: there is no tt.func to translate; convert-moe-to-triton makes them
func.func @layer(%x: tensor<?x16xf32>, %ids: tensor<?x1xi32>, %w: tensor<?x1xf32>, %a: tensor<2x32x16xf32>,
                 %b: tensor<2x32x16xf32>, %d: tensor<2x16x32xf32>) -> tensor<?x16xf32> {
  %p = moe.plan %ids : tensor<?x1xi32> -> !moe.plan<2>
  %u = moe.weights %a : tensor<2x32x16xf32> -> !moe.weights<2x32x16, f32>
  %g = moe.weights %b : tensor<2x32x16xf32> -> !moe.weights<2x32x16, f32>
  %v = moe.weights %d : tensor<2x16x32xf32> -> !moe.weights<2x16x32, f32>
  %e = moe.ffn_experts up(%u : !moe.weights<2x32x16, f32>) gate(%g : !moe.weights<2x32x16, f32>)
    down(%v : !moe.weights<2x16x32, f32>) activation<relu> : !moe.experts<2, 16 -> 16>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x1xf32>)
    : tensor<?x16xf32>, !moe.plan<2>, !moe.experts<2, 16 -> 16> -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}
