// RUN: moe-opt %s --split-input-file --verify-diagnostics --allow-unregistered-dialect

// (A1)
// expected-error @below {{temperature must be a positive number}}
"test.op"() {a = #moe.score<softmax, temperature = 0>} : () -> ()

// -----

// (A1)
// expected-error @below {{temperature must be a positive number}}
"test.op"() {a = #moe.score<softmax, temperature = -1.5>} : () -> ()

// -----

// (A1)
// expected-error @below {{temperature must be a positive number}}
"test.op"() {a = #moe.score<softmax, temperature = inf>} : () -> ()

// -----

// (A3)
// expected-error @below {{cannot keep 5 of 4 groups of experts}}
"test.op"() {a = #moe.group_limit<count = 4, keep = 5>} : () -> ()

// -----

// (A3)
// expected-error @below {{cannot keep 0 of 4 groups of experts}}
"test.op"() {a = #moe.group_limit<count = 4, keep = 0>} : () -> ()

// -----

// (A3)
// expected-error @below {{cannot keep -1 of -1 groups of experts}}
"test.op"() {a = #moe.group_limit<count = -1, keep = -1>} : () -> ()

// -----

// (A3)
// expected-error @below {{fill must be a number less than infinity}}
"test.op"() {a = #moe.group_limit<count = 4, keep = 2, fill = inf>} : () -> ()

// -----

// (A5)
// expected-error @below {{k must be at least 1 and less than 2^31, got 0}}
"test.op"() {a = #moe.select<top_k, k = 0>} : () -> ()

// -----

// (A5)
// expected-error @below {{k must be at least 1 and less than 2^31, got 9223372036854775807}}
"test.op"() {a = #moe.select<top_k, k = 9223372036854775807>} : () -> ()

// -----

// (A6)
// expected-error @below {{p goes with top_p only}}
"test.op"() {a = #moe.select<top_k, k = 2, p = 0.5>} : () -> ()

// -----

// (A6)
// expected-error @below {{threshold goes with threshold only}}
"test.op"() {a = #moe.select<top_p, k = 2, p = 0.5, threshold = 0.5>} : () -> ()

// -----

// (A6)
// expected-error @below {{rank goes with rank_k only}}
"test.op"() {a = #moe.select<top_k, k = 2, rank = 1>} : () -> ()

// -----

// (A6)
// expected-error @below {{jitter goes with sparse_mixer only}}
"test.op"() {a = #moe.select<top_k, k = 2, jitter = 0.01>} : () -> ()

// -----

// (A7)
// expected-error @below {{top_p needs p in (0, 1]}}
"test.op"() {a = #moe.select<top_p, k = 2>} : () -> ()

// -----

// (A7)
// expected-error @below {{top_p needs p in (0, 1]}}
"test.op"() {a = #moe.select<top_p, k = 2, p = 1.5>} : () -> ()

// -----

// (A7)
// expected-error @below {{rank_k needs rank of at least 1 and k = 1}}
"test.op"() {a = #moe.select<rank_k, k = 1>} : () -> ()

// -----

// (A7)
// expected-error @below {{rank_k needs rank of at least 1 and k = 1}}
"test.op"() {a = #moe.select<rank_k, k = 2, rank = 2>} : () -> ()

// -----

// (A7)
// expected-error @below {{sparse_mixer needs k = 2 and jitter of at least 0}}
"test.op"() {a = #moe.select<sparse_mixer, k = 3>} : () -> ()

// -----

// (A7)
// expected-error @below {{sparse_mixer needs k = 2 and jitter of at least 0}}
"test.op"() {a = #moe.select<sparse_mixer, k = 2, jitter = inf>} : () -> ()

// -----

// (A12)
// expected-error @below {{capacity needs either a positive count or a positive factor}}
"test.op"() {a = #moe.capacity<count = 1, factor = 1.0>} : () -> ()

// -----

// (A12)
// expected-error @below {{capacity needs either a positive count or a positive factor}}
"test.op"() {a = #moe.capacity<count = 0>} : () -> ()

// -----

// (A12)
// expected-error @below {{capacity needs either a positive count or a positive factor}}
"test.op"() {a = #moe.capacity<factor = inf>} : () -> ()

// -----

// (A12)
// expected-error @below {{capacity needs either a positive count or a positive factor}}
"test.op"() {a = #moe.capacity<count = -1, factor = 1.0>} : () -> ()

// -----

// (A14)
// expected-error @below {{epsilon must be at least 0 and goes with sum only}}
"test.op"() {a = #moe.normalize<sum, epsilon = -1.0>} : () -> ()

// -----

// (A14)
// expected-error @below {{epsilon must be at least 0 and goes with sum only}}
"test.op"() {a = #moe.normalize<softmax, epsilon = 1.0e-6>} : () -> ()

// -----

// (A14)
// expected-error @below {{floor must be at least 0 and goes with sum only}}
"test.op"() {a = #moe.normalize<softmax, floor = 1.0e-6>} : () -> ()

// -----

// (A16)
// expected-error @below {{alpha and beta must be finite, limit at least 0}}
"test.op"() {a = #moe.activation<silu, alpha = inf>} : () -> ()

// -----

// (A16)
// expected-error @below {{alpha and beta must be finite, limit at least 0}}
"test.op"() {a = #moe.activation<silu, beta = -inf>} : () -> ()

// -----

// (A16)
// expected-error @below {{alpha and beta must be finite, limit at least 0}}
"test.op"() {a = #moe.activation<silu, limit = -7.0>} : () -> ()

// -----

// (A17)
// expected-error @below {{alpha goes with silu only}}
"test.op"() {a = #moe.activation<gelu, alpha = 1.702>} : () -> ()

// -----

// (A19)
// expected-error @below {{layout needs offset of at least 0 and step of at least 1}}
"test.op"() {a = #moe.layout<offset = -1>} : () -> ()

// -----

// (A19)
// expected-error @below {{layout needs offset of at least 0 and step of at least 1}}
"test.op"() {a = #moe.layout<step = 0>} : () -> ()

// -----

// A real is a number.
// expected-error @below {{expected floating point literal}}
// expected-error @below {{failed to parse}}
"test.op"() {a = #moe.score<softmax, temperature = warm>} : () -> ()
