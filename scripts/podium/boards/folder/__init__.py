"""Boards that are a folder on this machine; nothing is sent."""
