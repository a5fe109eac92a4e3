// RUN: moe-opt %s --convert-moe-to-linalg --canonicalize --cse | FileCheck %s

// Softmax, top-2 by rank, renormalised.
// CHECK-LABEL: func.func @top_k(
// CHECK-SAME:      %[[LOGITS:.*]]: tensor<?x8xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[LOGITS]] : tensor<?x8xf32>) outs(%{{.*}} : tensor<?xf32>)
// CHECK:           arith.maximumf
// CHECK:           math.exp
// CHECK:           arith.addf
// CHECK:         %[[P:.*]] = linalg.generic
// CHECK:           arith.divf
// Integers in the order of scores.
// CHECK:         %[[KEYS:.*]] = linalg.generic {{.*}} ins(%[[P]]
// CHECK:           arith.bitcast
// CHECK:           arith.cmpf uno
// CHECK:           arith.select %{{.*}}, %c2147483647_i32
// The rank of an expert: how many others come before it.
// CHECK:         %[[RANKS:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "reduction", "parallel"]{{.*}} ins(%[[KEYS]], %[[KEYS]]
// CHECK:           arith.cmpi ult
// CHECK:           arith.cmpi sgt
// CHECK:           linalg.yield %{{.*}} : i32
// A slot holds the expert whose rank is the slot.
// CHECK:         %[[IDS:.*]] = linalg.generic {{.*}} ins(%[[RANKS]] : tensor<?x8xi32>) outs(%{{.*}} : tensor<?x2xi32>)
// CHECK:           arith.cmpi eq
// CHECK:         linalg.generic {{.*}} ins(%[[IDS]] : tensor<?x2xi32>) outs(%{{.*}} : tensor<?x2xf32>)
// CHECK:           scf.if
// CHECK:             tensor.extract %[[P]]
// CHECK:         return %{{.*}}, %[[IDS]]
func.func @top_k(%logits: tensor<?x8xf32>)
    -> (tensor<?x2xf32>, tensor<?x2xi32>) {
  %w, %ids = moe.gate %logits score<softmax> select<top_k, k = 2>
      normalize<sum> : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return %w, %ids : tensor<?x2xf32>, tensor<?x2xi32>
}

// f16 logits are computed in f32; the bias moves the choice alone.
// CHECK-LABEL: func.func @groups(
// CHECK:         arith.extf %{{.*}} : f16 to f32
// CHECK:         tensor.expand_shape %{{.*}} {{\[}}[0], [1, 2]] {{.*}} : tensor<5x8xf32> into tensor<5x4x2xf32>
// The two greatest of each group.
// CHECK:         } -> (tensor<5x4xf32>, tensor<5x4xf32>)
// CHECK:         %[[MASK:.*]] = tensor.collapse_shape %{{.*}} : tensor<5x4x2xi1> into tensor<5x8xi1>
// CHECK:         linalg.generic {{.*}} ins(%{{.*}}, %{{.*}}, %[[MASK]]
// CHECK:         arith.truncf %{{.*}} : f32 to f16
func.func @groups(%logits: tensor<5x8xf16>, %b: tensor<8xf16>)
    -> (tensor<5x2xf16>, tensor<5x2xi32>) {
  %w, %ids = moe.gate %logits bias(%b : tensor<8xf16>) score<sigmoid>
      groups<count = 4, keep = 2, by = top2_sum> select<top_k, k = 2>
      scale(2.5) : tensor<5x8xf16> -> tensor<5x2xf16>, tensor<5x2xi32>
  return %w, %ids : tensor<5x2xf16>, tensor<5x2xi32>
}

// Slots are admitted in the order of the slot, then of the token.
// CHECK-LABEL: func.func @capacity(
// CHECK:         math.ceil %{{.*}} : f64
// CHECK:         %[[LIMIT:.*]] = arith.fptosi %{{.*}} : f64 to i64
// CHECK:         scf.for %[[SLOT:[a-z0-9_]*]] = %c0 to %c2
// CHECK:           scf.for %[[TOKEN:[a-z0-9_]*]] = %c0 to
// CHECK:             tensor.extract %{{.*}}[%[[TOKEN]], %[[SLOT]]]
// CHECK:             arith.cmpi slt, %{{.*}}, %[[LIMIT]]
func.func @capacity(%logits: tensor<?x8xf32>)
    -> (tensor<?x2xf32>, tensor<?x2xi32>) {
  %w, %ids = moe.gate %logits score<identity> select<top_k, k = 2>
      capacity<factor = 1.25>
      : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return %w, %ids : tensor<?x2xf32>, tensor<?x2xi32>
}

// Experts choose tokens: the scores are transposed.
// CHECK-LABEL: func.func @expert_choice(
// CHECK:         linalg.generic {{.*}} outs(%{{.*}} : tensor<8x?xf32>)
// CHECK:         return %{{.*}}, %{{.*}} : tensor<8x3xf32>, tensor<8x3xi32>
func.func @expert_choice(%logits: tensor<?x8xf32>)
    -> (tensor<8x3xf32>, tensor<8x3xi32>) {
  %w, %ids = moe.gate %logits score<softmax> select<expert_choice, k = 3>
      : tensor<?x8xf32> -> tensor<8x3xf32>, tensor<8x3xi32>
  return %w, %ids : tensor<8x3xf32>, tensor<8x3xi32>
}

// A row of the table that is not there, and ids of no expert, become -1.
// CHECK-LABEL: func.func @table(
// CHECK-SAME:      %{{.*}}, %[[T:.*]]: tensor<?x2xi32>
// CHECK:         %[[SIZE:.*]] = tensor.dim %[[T]], %c0
// CHECK:         arith.cmpi ult, %{{.*}}, %[[SIZE]]
// CHECK:         arith.cmpi ult, %{{.*}}, %c8_i32
// CHECK:         arith.select %{{.*}}, %{{.*}}, %c-1_i32
func.func @table(%logits: tensor<?x8xf32>, %t: tensor<?x2xi32>,
                 %rows: tensor<?xi32>) -> tensor<?x2xi32> {
  %w, %ids = moe.gate %logits ids(%rows : tensor<?xi32>)
      table(%t : tensor<?x2xi32>) score<identity> select<table, k = 2>
      : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return %ids : tensor<?x2xi32>
}
