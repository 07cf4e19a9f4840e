"""Checks of the files: what can be seen of a model without running a benchmark, cheap checks first.

`source` looks at the stored tensors, `directory` at the finished Hugging Face folder, `log` at what training wrote.
"""
