"""What people answered, as it travels: codes and texts by the names of questions."""

Answer = str | tuple[str, ...]
Answers = dict[str, Answer]
