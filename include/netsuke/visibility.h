/* What a shared library lets its users see: the declarations of these headers. The rest of it is hidden. */
#ifndef NETSUKE_VISIBILITY_H_
#define NETSUKE_VISIBILITY_H_

#if defined(__GNUC__)
#define NETSUKE_API __attribute__((visibility("default")))
#else
#define NETSUKE_API
#endif

#endif
