// The C interface: handles around the C++ one, and no exception beyond this file.
#include <netsuke/c.h>
#include <netsuke/netsuke.h>

#include <algorithm>
#include <utility>

#include "base/error.h"

struct netsuke_model {
  explicit netsuke_model(netsuke::Model m) : model(std::move(m)), labels(model.labels()) {}
  netsuke::Model model;
  std::vector<std::string> labels;
};

struct netsuke_session {
  netsuke::Session session;
};

namespace {

static_assert(NETSUKE_FASTEST == static_cast<int>(netsuke::Residency::fastest));
static_assert(NETSUKE_PACKED == static_cast<int>(netsuke::Residency::packed));
static_assert(NETSUKE_DENSE == static_cast<int>(netsuke::Residency::dense));
static_assert(NETSUKE_CODED == static_cast<int>(netsuke::Residency::coded));

thread_local std::string last_error;

// Runs `body` and turns what it throws into a code.
template <class Body>
int guarded(Body&& body) noexcept {
  try {
    body();
    return NETSUKE_OK;
  } catch (const netsuke::Error& error) {
    last_error = error.what();
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    last_error = error.what();
    return NETSUKE_ERROR_INTERNAL;
  }
}

void require_pointer(const void* pointer, std::string_view name) {
  if (!pointer) netsuke::fail(netsuke::ErrorCode::usage, "argument '", name, "' is NULL");
}

void copy_shape(const std::vector<int64_t>& shape, int64_t* dims, size_t capacity, size_t* rank) {
  require_pointer(rank, "rank");
  if (capacity > 0) require_pointer(dims, "dims");
  *rank = shape.size();
  std::copy_n(shape.begin(), std::min(capacity, shape.size()), dims);
}

}  // namespace

const char* netsuke_version(void) { return netsuke::version().data(); }

const char* netsuke_last_error(void) { return last_error.c_str(); }

int netsuke_model_load(const char* path, netsuke_model** model) {
  return guarded([&] {
    require_pointer(path, "path");
    require_pointer(model, "model");
    *model = new netsuke_model{netsuke::Model::load(path)};
  });
}

int netsuke_model_from_memory(const void* bytes, size_t size, netsuke_model** model) {
  return guarded([&] {
    require_pointer(bytes, "bytes");
    require_pointer(model, "model");
    *model = new netsuke_model{netsuke::Model::from_memory({static_cast<const uint8_t*>(bytes), size})};
  });
}

int netsuke_model_load_as(const char* path, int residency, const char* timings, netsuke_model** model) {
  return guarded([&] {
    require_pointer(path, "path");
    require_pointer(model, "model");
    if (residency < NETSUKE_FASTEST || residency > NETSUKE_CODED)
      netsuke::fail(netsuke::ErrorCode::usage, "residency is ", residency, ", expected 0 to ",
                    int{NETSUKE_CODED});
    *model = new netsuke_model{
        netsuke::Model::load(path, {static_cast<netsuke::Residency>(residency), timings ? timings : ""})};
  });
}

void netsuke_model_free(netsuke_model* model) { delete model; }

const char* netsuke_model_name(const netsuke_model* model) {
  return model ? model->model.name().c_str() : "";
}

const char* netsuke_model_label(const netsuke_model* model, size_t output) {
  return model && output < model->labels.size() ? model->labels[output].c_str() : "";
}

int netsuke_model_metadata(const netsuke_model* model, const char* key, char* text, size_t capacity,
                           size_t* length) {
  return guarded([&] {
    require_pointer(model, "model");
    require_pointer(key, "key");
    require_pointer(length, "length");
    const std::string value = model->model.metadata(key);
    *length = value.size();
    if (capacity == 0) return;
    require_pointer(text, "text");
    text[value.copy(text, capacity - 1)] = '\0';
  });
}

size_t netsuke_model_input_size(const netsuke_model* model) { return model ? model->model.input_size() : 0; }

size_t netsuke_model_output_size(const netsuke_model* model) {
  return model ? model->model.output_size() : 0;
}

int netsuke_model_input_shape(const netsuke_model* model, int64_t* dims, size_t capacity, size_t* rank) {
  return guarded([&] {
    require_pointer(model, "model");
    copy_shape(model->model.input_shape(), dims, capacity, rank);
  });
}

int netsuke_model_output_shape(const netsuke_model* model, int64_t* dims, size_t capacity, size_t* rank) {
  return guarded([&] {
    require_pointer(model, "model");
    copy_shape(model->model.output_shape(), dims, capacity, rank);
  });
}

int netsuke_session_create(const netsuke_model* model, int threads, netsuke_session** session) {
  return guarded([&] {
    require_pointer(model, "model");
    require_pointer(session, "session");
    *session = new netsuke_session{netsuke::Session(model->model, {.threads = threads})};
  });
}

void netsuke_session_free(netsuke_session* session) { delete session; }

int netsuke_session_run(netsuke_session* session, const float* input, size_t input_length, int64_t batch,
                        float* output, size_t output_length) {
  return guarded([&] {
    require_pointer(session, "session");
    require_pointer(input, "input");
    require_pointer(output, "output");
    session->session.run({input, input_length}, batch, {output, output_length});
  });
}

int netsuke_session_run_pixels(netsuke_session* session, const uint8_t* pixels, size_t length, int height,
                               int width, float* output, size_t output_length) {
  return guarded([&] {
    require_pointer(session, "session");
    require_pointer(pixels, "pixels");
    require_pointer(output, "output");
    const std::vector<float> result = session->session.run_pixels({pixels, length}, height, width);
    if (output_length != result.size())
      netsuke::fail(netsuke::ErrorCode::usage, "the output has room for ", output_length,
                    " values, expected ", result.size());
    std::copy(result.begin(), result.end(), output);
  });
}
