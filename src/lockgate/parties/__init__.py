"""Who is this: names, lists, ownership, red flags."""
