"""The board `fork`: one pull request per model on GitHub."""
