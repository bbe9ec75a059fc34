/* netsuke for C and for whatever calls C. Functions that can fail return 0 when done, or the value of a
   netsuke::ErrorCode (see NETSUKE_ERROR_...); netsuke_last_error() then says in one sentence what went wrong.

     netsuke_model* model = NULL;
     netsuke_session* session = NULL;
     if (netsuke_model_load("lenet5.nsk", &model) || netsuke_session_create(model, 1, &session))
       fprintf(stderr, "%s\n", netsuke_last_error());
     float scores[10];
     netsuke_session_run(session, pixels, 784, 1, scores, 10);
     netsuke_session_free(session);
     netsuke_model_free(model);

   A model may be shared by threads; a session is used by one thread at a time. */
#ifndef NETSUKE_C_H_
#define NETSUKE_C_H_

#include <netsuke/visibility.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct netsuke_model netsuke_model;
typedef struct netsuke_session netsuke_session;

enum {
  NETSUKE_OK = 0,
  NETSUKE_ERROR_USAGE = 1,       /* an argument that is not understood */
  NETSUKE_ERROR_INPUT = 2,       /* a file that is missing, damaged or contradicts itself */
  NETSUKE_ERROR_UNSUPPORTED = 3, /* well formed, but not something this version can do */
  NETSUKE_ERROR_OUTPUT = 4,
  NETSUKE_ERROR_BUDGET = 5,
  NETSUKE_ERROR_INTERRUPTED = 6,
  NETSUKE_ERROR_INTERNAL = 7 /* a bug of netsuke, or no memory */
};

/* "0.1.0" */
NETSUKE_API const char* netsuke_version(void);

/* What went wrong in the last call of this thread that failed; empty before the first. */
NETSUKE_API const char* netsuke_last_error(void);

/* What weights are in memory: see netsuke/residency.h. */
enum { NETSUKE_FASTEST = 0, NETSUKE_PACKED = 1, NETSUKE_DENSE = 2, NETSUKE_CODED = 3 };

/* Reads a .nsk file, or its bytes, which are not needed afterwards. */
NETSUKE_API int netsuke_model_load(const char* path, netsuke_model** model);
NETSUKE_API int netsuke_model_from_memory(const void* bytes, size_t size, netsuke_model** model);
/* Like netsuke_model_load, with one of the values above, and a file of `netsuke tune` or NULL. */
NETSUKE_API int netsuke_model_load_as(const char* path, int residency, const char* timings,
                                      netsuke_model** model);
/* Sessions made from the model stay valid. NULL is accepted. */
NETSUKE_API void netsuke_model_free(netsuke_model* model);

/* Valid as long as the model. */
NETSUKE_API const char* netsuke_model_name(const netsuke_model* model);
/* The class name of this output, "" if there is none. Valid as long as the model. */
NETSUKE_API const char* netsuke_model_label(const netsuke_model* model, size_t output);
/* The text stored under `key`: as much of it as fits into `capacity` bytes with a final 0 (`text` may be NULL
   if that is 0), and its whole length in *length, 0 if there is none. Model::metadata in netsuke/netsuke.h
   says which keys tell how pixels become an input. */
NETSUKE_API int netsuke_model_metadata(const netsuke_model* model, const char* key, char* text,
                                       size_t capacity, size_t* length);
/* Floats of one input and of one result. */
NETSUKE_API size_t netsuke_model_input_size(const netsuke_model* model);
NETSUKE_API size_t netsuke_model_output_size(const netsuke_model* model);
/* Sets *rank, and as many of `dims` as there are, at most `capacity`; batch first, given as 1. */
NETSUKE_API int netsuke_model_input_shape(const netsuke_model* model, int64_t* dims, size_t capacity,
                                          size_t* rank);
NETSUKE_API int netsuke_model_output_shape(const netsuke_model* model, int64_t* dims, size_t capacity,
                                           size_t* rank);

/* `threads` of 0 takes one for each core. */
NETSUKE_API int netsuke_session_create(const netsuke_model* model, int threads, netsuke_session** session);
NETSUKE_API void netsuke_session_free(netsuke_session* session);

/* `batch` preprocessed inputs in NCHW order, one after the other, to as many outputs; the lengths, in floats,
   are checked. Of many classifiers an output is scores before a softmax, not probabilities. */
NETSUKE_API int netsuke_session_run(netsuke_session* session, const float* input, size_t input_length,
                                    int64_t batch, float* output, size_t output_length);
/* One image of 8-bit pixels, channels side by side, that has the size of the model's input. */
NETSUKE_API int netsuke_session_run_pixels(netsuke_session* session, const uint8_t* pixels, size_t length,
                                           int height, int width, float* output, size_t output_length);

#ifdef __cplusplus
}
#endif

#endif
