// The two LeNets of Deep Compression, as Caffe's examples have them.
#pragma once

#include "zoo/zoo.h"

namespace netsuke::zoo {

/// The share of values zeroed before the layers that Han 2015 regularises while it trains and prunes.
extern const Flag lenet_flags[1];

/// LeNet-300-100 (LeCun 1998): 784-300-100-10 with ReLU; 266,610 parameters, 266,200 MACs.
Graph lenet_300_100(const Options& options);

/// What `mlp` offers: width and number of hidden layers, and what dropout zeroes of them and of the input.
extern const Flag mlp_flags[4];

/// Hidden linear layers of one width with ReLU, as the nets of Hinton 2015 (arXiv 1503.02531, section 3).
Graph mlp(const Options& options);

/// LeNet-5 in Caffe's form, 20-50-500-10: no activation after the convolutions; 431,080 parameters, 2.293M
/// MACs.
Graph lenet_5(const Options& options);

}  // namespace netsuke::zoo
