"""The type of answers in messages: codes and texts by the names of questions."""

Answer = str | tuple[str, ...]
Answers = dict[str, Answer]
