// RUN: moe-opt %s --convert-moe-to-linalg --canonicalize --cse | FileCheck %s

// The plan becomes offsets, the token of each row, the row of each slot.
// CHECK-LABEL: func.func @token_choice(
// CHECK-SAME:      %[[X:.*]]: tensor<?x4xf32>, %[[IDS:.*]]: tensor<?x2xi32>)
// Count the rows of each expert …
// CHECK:       %[[COUNTS:.*]] = scf.for %[[T:.*]] = %{{.*}} iter_args
// CHECK:         scf.for %[[J:.*]] = %{{.*}} iter_args
// CHECK:           %[[ID:.*]] = tensor.extract %[[IDS]][%[[T]], %[[J]]]
// CHECK:           %[[E:.*]] = arith.index_cast %[[ID]] : i32 to index
// CHECK:           %[[USED:.*]] = arith.cmpi ult, %[[E]], %c8
// CHECK:           scf.if %[[USED]] -> (tensor<9xi64>)
// … sum them up …
// CHECK:       %[[OFFSETS:.*]] = scf.for %{{.*}} = %{{.*}} to %c8 {{.*}} iter_args({{.*}} = %[[COUNTS]])
// CHECK:       %[[R:.*]] = tensor.extract %[[OFFSETS]][%c8]
// … and place each pair.
// CHECK:       %[[PLACED:.*]]:3 = scf.for
// CHECK-SAME:      -> (tensor<9xi64>, tensor<?xi64>, tensor<?x?xi64>)
// CHECK:       linalg.generic {{.*}} ins(%[[PLACED]]#1 : tensor<?xi64>)
// CHECK:       ^bb0(%[[TOKEN:.*]]: i64, %{{.*}}: f32):
// CHECK:         %[[ROW:.*]] = arith.index_cast %[[TOKEN]] : i64 to index
// CHECK:         %[[H:.*]] = linalg.index 1
// CHECK:         tensor.extract %[[X]][%[[ROW]], %[[H]]]
func.func @token_choice(%x: tensor<?x4xf32>, %ids: tensor<?x2xi32>)
    -> tensor<?x4xf32> {
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<8>
  %rows = moe.dispatch %x, %p
      : tensor<?x4xf32>, !moe.plan<8> -> tensor<?x4xf32>
  return %rows : tensor<?x4xf32>
}
