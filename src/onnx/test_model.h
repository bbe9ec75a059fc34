// ONNX models for tests.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "onnx/import.h"
#include "onnx/proto.h"

namespace netsuke::onnx {

/// Writes ONNX models by hand.
class Model {
 public:
  explicit Model(int64_t opset = 13) {
    proto_.set_ir_version(7);
    proto_.add_opset_import()->set_version(opset);
    proto_.mutable_graph()->set_name("test");
  }
  /// A dimension of 0 stays open.
  Model& input(const std::string& name, const Shape& shape) {
    auto& info = *proto_.mutable_graph()->add_input();
    info.set_name(name);
    auto* type = info.mutable_type()->mutable_tensor_type();
    type->set_elem_type(pb::TensorProto::FLOAT);
    for (int64_t d : shape) {
      auto& dim = *type->mutable_shape()->add_dim();
      if (d > 0) dim.set_dim_value(d);
    }
    return *this;
  }
  pb::TensorProto& initializer(const std::string& name, const Shape& shape, pb::TensorProto::DataType type) {
    auto& tensor = *proto_.mutable_graph()->add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    for (int64_t d : shape) tensor.add_dims(d);
    return tensor;
  }
  Model& floats(const std::string& name, const Shape& shape, const std::vector<float>& values) {
    auto& tensor = initializer(name, shape, pb::TensorProto::FLOAT);
    for (float v : values) tensor.add_float_data(v);
    return *this;
  }
  Model& ints(const std::string& name, const std::vector<int64_t>& values) {
    auto& tensor = initializer(name, {static_cast<int64_t>(values.size())}, pb::TensorProto::INT64);
    for (int64_t v : values) tensor.add_int64_data(v);
    return *this;
  }
  pb::NodeProto& node(const std::string& op, const std::vector<std::string>& inputs,
                      const std::string& output) {
    auto& node = *proto_.mutable_graph()->add_node();
    node.set_op_type(op);
    for (const std::string& input : inputs) node.add_input(input);
    node.add_output(output);
    return node;
  }
  Model& with(const std::string& op, const std::vector<std::string>& inputs, const std::string& output) {
    node(op, inputs, output);
    return *this;
  }
  Model& output(const std::string& name) {
    proto_.mutable_graph()->add_output()->set_name(name);
    return *this;
  }
  Bytes bytes() const {
    Bytes bytes(proto_.ByteSizeLong());
    proto_.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }
  Graph import(const ImportOptions& options = {}) const {
    return import_bytes(bytes(), "test.onnx", options);
  }
  std::string error(const ImportOptions& options = {}) const {
    try {
      import(options);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

 private:
  pb::ModelProto proto_;
};

/// An attribute of integers.
inline void set_ints(pb::NodeProto& node, const char* name, const std::vector<int64_t>& values) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(pb::AttributeProto::INTS);
  for (int64_t v : values) attribute.add_ints(v);
}

/// The names of its nodes' ops.
inline std::vector<std::string> ops_of(const Graph& graph) {
  std::vector<std::string> ops;
  for (const Node& node : graph.nodes) ops.emplace_back(op_name(node.op));
  return ops;
}

}  // namespace netsuke::onnx
