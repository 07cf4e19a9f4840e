"""Backends: samples in, generations out; `seam` says what one is and which there are."""
