#pragma once

#include "zoo/zoo.h"

namespace netsuke::zoo {

/// torchvision's AlexNet: one tower, no normalisation; 61,100,840 parameters, 714M MACs.
Graph alexnet(const Options& options);

extern const Flag alexnet_caffe_flags[1];

/// Caffe's BVLC AlexNet, the reference of Deep Compression: two groups in conv2, conv4 and conv5 as the
/// paper's two GPUs had them; 60,965,224 parameters, 724M MACs at 227x227.
Graph alexnet_caffe(const Options& options);

}  // namespace netsuke::zoo
