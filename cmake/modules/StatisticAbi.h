// Included first wherever assertions are on. llvm::Statistic has one layout with
// NDEBUG and another without; the MLIR of a distribution is built with it, and
// the passes' statistics are constructed there.
#ifndef MOE_CMAKE_STATISTICABI_H
#define MOE_CMAKE_STATISTICABI_H
#ifndef NDEBUG
#define NDEBUG
#include "llvm/ADT/Statistic.h"
#undef NDEBUG
#endif
#endif // MOE_CMAKE_STATISTICABI_H
