// RUN: moe-opt %s --convert-moe-to-linalg --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func.func @combine(
// CHECK-SAME:      %[[ROWS:.*]]: tensor<?x4xf16>, %{{.*}}: tensor<9xi64>, %[[TOKENS:.*]]: tensor<?xi64>,
// CHECK-SAME:      %[[SLOTS:.*]]: tensor<?x?xi64>, %[[N:.*]]: index, %[[W:.*]]: tensor<?x2xf32>)
// Sums start at zero, in f32.
// CHECK:         %[[INIT:.*]] = tensor.empty(%[[N]]) : tensor<?x4xf32>
// CHECK:         %[[ZERO:.*]] = linalg.fill {{.*}} outs(%[[INIT]] : tensor<?x4xf32>)
// CHECK:         %[[SUMS:.*]] = scf.for %[[I:.*]] = {{.*}} iter_args(%{{.*}} = %[[ZERO]])
// CHECK:           scf.for %[[J:.*]] = {{.*}} iter_args
// CHECK:             %[[R:.*]] = tensor.extract %[[SLOTS]][%[[I]], %[[J]]]
// A slot without row adds nothing.
// CHECK:             %[[USED:.*]] = arith.cmpi sge, %[[R]], %c0_i64
// CHECK:             scf.if %[[USED]]
// CHECK:               %[[ROW:.*]] = arith.index_cast %[[R]] : i64 to index
// CHECK:               tensor.extract %[[TOKENS]][%[[ROW]]]
// CHECK:               %[[WEIGHT:.*]] = tensor.extract %[[W]][%[[I]], %[[J]]]
// CHECK:               linalg.generic
// CHECK:                 %[[X:.*]] = arith.extf %{{.*}} : f16 to f32
// CHECK:                 arith.mulf %[[WEIGHT]], %[[X]] : f32
// The sum is rounded once.
// CHECK:         linalg.generic {{.*}} ins(%[[SUMS]] : tensor<?x4xf32>)
// CHECK:           arith.truncf %{{.*}} : f32 to f16
func.func @combine(%rows: tensor<?x4xf16>, %p: !moe.plan<8>,
                   %w: tensor<?x2xf32>) -> tensor<?x4xf16> {
  %y = moe.combine %rows, %p, %w
      : tensor<?x4xf16>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x4xf16>
  return %y : tensor<?x4xf16>
}
