"""Boards on the Hugging Face Hub: one pull request in a repository's Community tab."""
