"""native: our own decoding loop for the LLaMA and Qwen2 families; each distinct prefix is computed once."""
