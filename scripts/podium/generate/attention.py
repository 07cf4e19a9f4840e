"""Which of torch's attention kernels decoding uses."""

from __future__ import annotations

from torch.nn.attention import SDPBackend

# Without cuDNN's: it builds a plan for each length that it sees, and in decoding every step is of another length. On an
# H200 a step of 50 rows took transformers 58 ms with these plans and 32 ms without.
KERNELS = [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
