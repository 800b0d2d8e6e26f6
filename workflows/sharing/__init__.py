"""Sharing and opening on request, and rectification: requests, grants, limits, uses, tickets (Art. 21-25, 34)."""
