"""All rules over a folder by name. A name never changes its meaning: people filter and link by it."""

from __future__ import annotations

from podium.validate.rules import board, chain, configs, naming, paths, planning, samples, scores, texts, verdicts
from podium.validate.rules.rule import Rule

SHARED_RULES = (
    Rule("name-variant", naming.name_variant, "warning"),
    Rule("name-twins", paths.name_twins),
    Rule("name-characters", paths.name_characters),
    Rule("artefact-model", naming.artefact_model),
    Rule("meta-model", naming.meta_model),
    Rule("grouped-name", naming.grouped_stem),
    Rule("generations-shape", samples.generations_shape),
    Rule("generations-duplicate", samples.generations_duplicate),
    Rule("generations-collapsed", samples.generations_collapsed, "warning"),
    Rule("generations-repeat", texts.generations_repeat, "warning"),
    Rule("generations-prompt", texts.generations_prompt),
    Rule("prompt-instruct", texts.prompt_instruct, "warning"),
    Rule("prompt-unstripped", texts.prompt_unstripped, "warning"),
    Rule("chat-markup", texts.chat_markup, "warning"),
    Rule("end-token-text", texts.end_token_text, "warning"),
    Rule("empty-completions", texts.empty_completions, "warning"),
    Rule("canonical-solutions", texts.canonical_solutions, "warning"),
    Rule("metrics-scores", scores.metrics_scores),
    Rule("grouped-metrics", scores.grouped_metrics),
    Rule("whole-number", scores.whole_number),
    Rule("pass-at-possible", scores.pass_at_possible),
    Rule("pass-at-10-missing", scores.pass_at_10_missing),
)
# What a log alone can break, wherever it lies: two processes once wrote into it.
LOG_RULES = (
    Rule("samples-odd", samples.samples_odd),
    Rule("verdicts-odd", verdicts.verdicts_odd),
)
RUN_RULES = (
    Rule("plan-doubled", planning.plan_doubled),
    Rule("plan-partial", planning.plan_partial),
    Rule("model-files", chain.model_files),
    Rule("model-plan", chain.model_plan),
    Rule("ledger-outputs", chain.ledger_outputs),
    Rule("run-incomplete", chain.run_incomplete),
    Rule("samples-missing", samples.samples_missing),
    *LOG_RULES,
    Rule("samples-header", samples.samples_header),
    Rule("many-truncated", samples.many_truncated, "warning"),
    Rule("samples-cover-plan", samples.samples_cover_plan),
    Rule("generations-samples", samples.generations_samples),
    Rule("verdicts-missing", verdicts.verdicts_missing),
    Rule("verdicts-header", verdicts.verdicts_header),
    Rule("verdicts-generations", verdicts.verdicts_generations),
    Rule("verdicts-program", verdicts.verdicts_program),
    Rule("zero-without-self-test", verdicts.zero_without_self_test),
    Rule("environment-fault", verdicts.environment_fault, "warning"),
    Rule("many-timeouts", verdicts.many_timeouts, "warning"),
    Rule("many-syntax-errors", verdicts.many_syntax_errors, "warning"),
    Rule("scores-verdicts", scores.scores_verdicts),
    Rule("scores-plan", scores.scores_plan),
    Rule("grouped-tasks", scores.grouped_tasks),
    Rule("config-plan", naming.config_plan),
    Rule("submission-files", chain.submission_files),
    Rule("submission-copies", chain.submission_copies),
    Rule("submission-plan", chain.submission_plan),
    Rule("body-marker", chain.body_marker),
    Rule("gates-plan", chain.gates_plan),
    *SHARED_RULES,
)
SUBMISSION_RULES = (
    Rule("missing-artefact", board.missing_artefact),
    Rule("doubled-artefact", board.doubled_artefact),
    Rule("doubled-grouped", board.doubled_grouped),
    Rule("task-without-column", board.task_without_column, "warning"),
    Rule("unknown-file", board.unknown_file),
    Rule("folder-name", naming.folder_name),
    Rule("large-file", paths.large_file, "warning"),
    Rule("config-samples", configs.config_samples),
    Rule("config-limit", configs.config_limit),
    Rule("config-model", configs.config_model),
    Rule("config-protocol", configs.config_protocol, "warning"),
    Rule("suspicious-zero", scores.suspicious_zero, "warning"),
    *SHARED_RULES,
)
