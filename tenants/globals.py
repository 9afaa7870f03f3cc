"""The short list of models that belong to no team, each with its reason."""

GLOBAL_MODELS: dict[str, str] = {
    "tenants.Team": "the team itself; read before a scope can exist",
    "accounts.RateWindow": "counts tries by address, before anybody has said which team they mean",
    "accounts.Tier": "what the installation offers, the same for every team; it holds nothing of anybody",
}
