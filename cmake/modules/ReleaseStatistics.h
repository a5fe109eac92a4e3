// Gives llvm::Statistic the layout of an LLVM without assertions.
//
// llvm/ADT/Statistic.h lets NDEBUG decide what a statistic is: an empty object,
// or one with a counter. Sources with assertions that link an LLVM without them
// would count in memory that LLVM's constructor never initialised.
#ifndef NDEBUG
#define NDEBUG
#include "llvm/ADT/Statistic.h"
#undef NDEBUG
// Makes assert() what it was.
#include <cassert>
#endif
