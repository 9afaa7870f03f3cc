"""The door for programs that speak OpenAI's API: models, chat completions and responses."""
