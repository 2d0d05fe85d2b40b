"""Networks to begin from: guidelines, communities and a plan, made at once and taken away again (M4)."""
