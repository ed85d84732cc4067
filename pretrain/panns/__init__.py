"""The supervised stand-in for PANNs: data, augmentation, training."""
