/* consumer_c MODEL.nsk: loads and runs a model through the C interface. */
#include <netsuke/c.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  netsuke_model* model = NULL;
  netsuke_session* session = NULL;
  if (netsuke_model_load(argc > 1 ? argv[1] : "", &model) || netsuke_session_create(model, 1, &session)) {
    fprintf(stderr, "%s\n", netsuke_last_error());
    return 1;
  }
  const size_t inputs = netsuke_model_input_size(model), outputs = netsuke_model_output_size(model);
  float* input = calloc(inputs, sizeof(float));
  float* output = calloc(outputs, sizeof(float));
  const int status = netsuke_session_run(session, input, inputs, 1, output, outputs);
  printf("netsuke %s: %s, first result %g, status %d\n", netsuke_version(), netsuke_model_name(model),
         output[0], status);
  free(input);
  free(output);
  netsuke_session_free(session);
  netsuke_model_free(model);
  return status;
}
