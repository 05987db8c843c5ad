"""Handles in the 3D viewport: what the sidebar's numbers mean, where they act, to be dragged."""
