"""One file per descriptor; `xtalprint.descriptors.base` says what they have in common."""
