// Options that every program of a sanitizer build starts with.
//
// LLVM's bump allocators poison the unused part of a slab, in code inlined from
// its headers. Where this project's code does so with an allocator that LLVM's
// own library, built without sanitizers, goes on using, the library writes to
// memory that nobody unpoisons.
extern "C" const char *__asan_default_options();
extern "C" const char *__asan_default_options() {
  return "allow_user_poisoning=0";
}
