"""Counts, measures and settings of language models stay under names such as `max_tokens`; tokens do not."""

from __future__ import annotations

import json
import time

import pytest

from drhttp._redact import Policy
from drhttp._redact.formats.headers import mask_headers
from drhttp._redact.formats.text import mask_text
from drhttp._redact_options import Redact
from privacy.masking import POLICY, masked, text_of

M = "[redacted]"
JSON = "application/json"

# Responses, requests and settings from the documentation of the APIs, shortened.
DOCUMENTS = {
    "OpenAI chat": {
        "id": "chatcmpl-9", "object": "chat.completion", "created": 1741569952, "model": "gpt-4.1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello!", "refusal": None}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29,
                  "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
                  "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0,
                                                "rejected_prediction_tokens": 0}},
    },
    "OpenAI responses": {"max_output_tokens": None, "usage": {"input_tokens": 36, "input_tokens_details": {"cached_tokens": 0},
                         "output_tokens": 87, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 123}},
    "OpenAI request": {"model": "gpt-4.1", "max_completion_tokens": 2048, "max_tokens": 100, "max_output_tokens": 4096, "n": 1},
    "OpenAI logprobs": {"content": [{"token": "Hello", "logprob": -0.31725305, "bytes": [72, 101],
                        "top_logprobs": [{"token": "Hello", "logprob": -0.3}, {"token": "Hi", "logprob": -1.3190403e0}]}]},
    "OpenAI realtime": {"usage": {"input_token_details": {"text_tokens": 5, "cached_tokens_details": {"text_tokens": 0, "audio_tokens": 0}},
                        "output_token_details": {"text_tokens": 3}}},
    "Anthropic": {"usage": {"input_tokens": 2095, "cache_creation_input_tokens": 2051, "cache_read_input_tokens": 2051, "output_tokens": 503,
                  "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}},
                  "thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens_to_sample": 256},
    "Gemini": {"usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 9, "totalTokenCount": 14, "thoughtsTokenCount": 3,
               "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 5}], "cacheTokensDetails": [],
               "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": 9}, {"modality": "AUDIO", "tokenCount": 0}]},
               "inputTokenLimit": 1048576, "outputTokenLimit": 8192, "generationConfig": {"maxOutputTokens": 800}},
    "Mistral": {"usage": {"prompt_tokens": 24, "completion_tokens": 27, "total_tokens": 51, "num_cached_tokens": None}},
    "Cohere": {"meta": {"billed_units": {"input_tokens": 17}, "tokens": {"input_tokens": 215, "output_tokens": 17}}},
    "a dashboard": {"tokens": {"prompt": 3, "completion": 4, "total": 7}, "tokens_per_second": 41.25734982374123, "tokens_used": 7,
                    "token_count": 7, "tokenUsage": {"gpt-4o-mini": {"prompt": 3}}, "cost_per_token": 3e-06, "tokens_remaining": 9},
    "LangChain": {"llm_output": {"token_usage": {"completion_tokens": 1, "prompt_tokens": 2}, "model_name": "x"},
                  "usage_metadata": {"input_token_details": {"audio": 0, "cache_read": 1}}},
    "vLLM request": {"stop_token_ids": [1, 2], "skip_special_tokens": True, "spaces_between_special_tokens": False, "min_tokens": 0,
                     "truncate_prompt_tokens": None, "return_tokens_as_token_ids": True, "prompt_token_ids": [128000, 9906], "token_ids": None},
    "llama.cpp": {"tokens_predicted": 5, "tokens_evaluated": 6, "tokens_cached": 7, "tokens": [1, 15043, 29991], "n_tokens": 3,
                  "timings": {"predicted_per_token_ms": 31.1}},
    "Text Generation Inference": {"index": 1, "token": {"id": 9906, "text": " it's", "logprob": -0.5, "special": False}, "details": None},
    "Hugging Face settings": {"bos_token_id": 1, "eos_token_id": [2, 3], "pad_token_id": None, "decoder_start_token_id": 0,
                              "image_token_index": 32000, "token_type_ids": [0, 0, 1], "tokenizer_class": "LlamaTokenizer",
                              "bos_token": "<s>", "eos_token": "</s>", "pad_token": "[PAD]", "unk_token": "<unk>", "image_token": "<image>",
                              "mask_token": {"content": "<|mask|>", "lstrip": False, "normalized": False},
                              "additional_special_tokens": ["<|im_start|>", "<|im_end|>"]},
    "litellm": {"input_cost_per_token": 3e-06, "output_cost_per_token_batches": 1.5e-05, "cache_read_input_token_cost": 3e-07,
                "max_input_tokens": 200000},
    "OpenRouter": {"native_tokens_prompt": 5, "native_tokens_completion": 6, "native_tokens_reasoning": 0, "tokens_prompt": 3},
    "OAuth": {"token_type": "Bearer", "expires_in": 3600, "token_type_hint": "access_token", "token_endpoint_auth_method": "client_secret_post",
              "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"},
    "strings": {"tokens": "1234", "total_tokens": "1,234", "max_tokens": "4096", "completion_tokens": "12", "token_count": "12", "limit_tokens": "40k",
                "usageMetadata": {"promptTokensDetails": [{"modality": "MODALITY_UNSPECIFIED", "tokenCount": "3"}]}},
    "by model": {"token_usage": {"gpt-4o": {"prompt_tokens": 1}, "claude-3-5-sonnet-20241022": {"input_tokens": 5}, "meta-llama/Llama-3.1-8B-Instruct": {"in": 1},
                                 "us.anthropic.claude-3-sonnet-20240229-v1:0": {"inputTokens": 1}, "llama3.1:8b-instruct-q4_K_M": 5, "o1": 1, "o3-mini": 2,
                                 "Qwen/Qwen2.5-72B-Instruct": 1, "ft:gpt-4o-mini-2024-07-18:acme::9xYz12Ab": 1, "@cf/meta/llama-2-7b-chat-int8": 3},
                 "tokens_by_model": {"gemini-1.5-pro": 12}, "tokens_per_day": {"2024-01-15": 5}},
    "Bedrock": {"usage": {"inputTokens": 5, "cacheReadInputTokens": 0}, "inputTextTokenCount": 5, "results": [{"tokenCount": 5, "outputText": "x"}],
                "amazon-bedrock-invocationMetrics": {"inputTokenCount": 5, "outputTokenCount": 6}, "generation_token_count": 9},
    "Cohere tokenize": {"tokens": [10002, 2261], "token_strings": ["token", "ized"], "meta": {"billed_units": {"output_tokens": 2}}},
    "Ollama": {"eval_count": 5, "model_info": {"tokenizer.ggml.bos_token_id": 128000, "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.tokens": ["!", "#"],
               "tokenizer.ggml.token_type": [1, 1], "tokenizer.ggml.merges": None, "tokenizer.ggml.add_bos_token": True, "tokenizer.ggml.padding_token_id": 1}},
    "LangSmith": {"total_tokens": 5, "prompt_token_details": {"cache_read": 0}, "first_token_time": "2024-01-15T10:30:45.123456+00:00", "token_events": []},
    "a token with escapes": {"content": [{"token": "\n\"", "logprob": -0.25}, {"token": "=" * 100, "logprob": -1.5}]},
    "times": {"token_expires_at": "2026-01-15T10:30:45.123Z", "session_timeout": "30m", "ratelimit_reset_tokens": "6m0s"},
}  # fmt: skip


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_of_language_models_stay(name, indent):
    """Each document stays byte for byte: alone, beside a real secret, in events, and in a string."""
    text = json.dumps(DOCUMENTS[name], indent=indent)
    assert masked(text, JSON).redacted == 0
    assert text_of(text, JSON) == text
    beside = f'{{"password": "x", "a": {text}, "keys": {{"secret": ["y"]}}}}'
    assert text_of(beside, JSON) == f'{{"password": "{M}", "a": {text}, "keys": {{"secret": "{M}"}}}}'
    if indent is None:
        assert text_of(f"data: {text}\n\n", "text/event-stream") == f"data: {text}\n\n"
        packed = json.dumps({"body": text})
        assert text_of(packed, JSON) == packed


@pytest.mark.parametrize(
    "document",
    [
        {"tokens": ["the", "cat"]}, {"tokens": {"github": "Zx9S"}}, {"tokens": {"u7Gh2kLq": 1700000000}}, {"tokens": [["Zx9S"], 5]},
        {"tokens": {"a": {"b": ["Zx9S"]}}}, {"token": {"id": 5}, "x": "y"}, {"token": {"text": "Zx9S", "id": 4}}, {"token": 123456},
        {"max_tokens": "Zx9S"}, {"tokens": "12345678"}, {"completion_tokens_details": "Zx9S"}, {"token_type": "Zx9S"},
        {"prompt_tokens_details": {"note": "Zx9S"}}, {"sessions": {"Zx9S12": 1}}, {"refresh_tokens": {"3f2a9c": True}},
        {"bos_token": "Zx9S"}, {"eos_token_id": "Zx9S"}, {"access_token_id": 123456}, {"token": "Hello", "prob": 1},
        {"access_token": "<s>"}, {"passwords": [1, 2, 3]}, {"secrets": {"pin": 1234}}, {"tokens": {"550e8400-e29b": 1}},
        {"refreshTokens": {"abc": 1}}, {"access_tokens": [123456, 234567]}, {"tokens": {"abcdefghijklm": 1}}, {"tokens": {"qwrtplkj": 1}},
        {"tokens": "123456"}, {"access_tokens": "1234"}, {"input_token": "1234"}, {"token_used": "123456"}, {"token": "1234"}, {"tokens": "Zx9k"},
        {"token_usage": {"gptx9S": 1}}, {"token_usage": {"acme-Zx9S77": 1}}, {"total_tokens": "1234 Zx9S"}, {"token_count": {"tokens": "12345678901"}},
    ],
)  # fmt: skip
def test_what_may_be_a_secret_is_masked(document):
    """Opaque strings, numbers under other names, and keys of an object that may be tokens are masked."""
    (value,) = list(document.values())[:1]
    for beside in ({}, {"note": "a: b"}, {"text": "\u00e9\n"}):
        text = json.dumps({**document, **beside})
        assert json.loads(text_of(text, JSON))[next(iter(document))] == M, text
        assert json.dumps(value) not in text_of(text, JSON)


def test_secrets_within_measures_are_masked():
    """Secrets in an object of measures are masked by their own name or form."""
    text = '{"tokens": {"prompt": 3, "password": 1234, "n": 4111111111111111}, "note": "a: b"}'
    shown = f'{{"tokens": {{"prompt": 3, "password": "{M}", "n": "{M}"}}, "note": "a: b"}}'
    assert text_of(text, JSON) == shown


@pytest.mark.parametrize(
    "text",
    [
        "usage: prompt_tokens=12, completion_tokens=30 total_tokens=42", "max_tokens=100", "prompt_tokens: 5, completion_tokens: 6",
        "completion_tokens_details={'reasoning_tokens': 0, 'audio_tokens': None}", "token_count: 5\nx",
        "Usage(completion_tokens=5, completion_tokens_details=CompletionTokensDetails(reasoning_tokens=0), prompt_tokens_details=None)",
        'vllm:prompt_tokens_total{engine="0",model_name="m"} 1234.0', "tokens_per_second: 41.5\n", "tokenizer: bpe",
        "# HELP vllm:time_to_first_token_seconds Histogram\nvllm:time_to_first_token_seconds_sum 0.5", "took 5s (tokens_used=9)",
        '{"level": "info"} usage={"total_tokens": 3}', "x token_type=bearer, y",
    ],
)  # fmt: skip
def test_counts_in_text_stay(text):
    """Counts stay in logs and messages too."""
    assert mask_text(text, POLICY) == (text, 0)


@pytest.mark.parametrize(
    "text",
    ["tokens: Zx9S", "max_tokens: Zx9S", "your tokens: 123456, 234567", "token: 123456", "tokens={'a': 'Zx9S'}", "secret=5",
     "tokens: 5 Zx9S", "tokens=[Zx9S]", "tokens={'Zx9S1': 1}", "x tokens='123456'", "session_tokens: '123456'"],
)  # fmt: skip
def test_other_values_in_text_are_masked(text):
    """A number in text is masked unless it certainly is a count."""
    shown, count = mask_text(text, POLICY)
    assert count == 1
    assert "Zx9S" not in shown
    assert "123456" not in shown


@pytest.mark.parametrize(
    "field",
    [
        ("x-ratelimit-reset-tokens", "6m0s"), ("x-ratelimit-remaining-tokens", "149984"), ("x-ratelimit-limit-tokens", "150000"),
        ("anthropic-ratelimit-input-tokens-reset", "2026-01-15T10:30:45Z"), ("anthropic-ratelimit-tokens-limit", "80000"),
        ("x-ratelimit-limit-tokens", "40k"), ("x-ratelimit-limit-tokens", "1.5M"), ("x-ratelimit-reset-tokens-usage-based", "1s"),
        ("x-ratelimit-remaining-tokens-month", "5"), ("x-token-usage", "5/100"),
        ("x-amzn-bedrock-input-token-count", "12"), ("x-amzn-bedrock-output-token-count", "7"),
    ],
    ids=str,
)  # fmt: skip
def test_header_fields_about_limits_stay(field):
    """Rate limits of OpenAI and Anthropic, and counts of Bedrock stay."""
    assert mask_headers((field,), POLICY) == ((field,), 0)


def test_under_names_of_the_user_everything_is_masked():
    """Counts and objects of counts are masked under the user's own names."""
    policy = Policy(Redact(also=["tokens"]))
    text = '{"max_tokens": 5, "tokens": {"prompt": 3}, "token_type": "Bearer"}'
    assert text_of(text, JSON, policy=policy) == f'{{"max_tokens": "{M}", "tokens": "{M}", "token_type": "Bearer"}}'


def test_nested_measures_are_read_once():
    """Nested objects under names of counts take no longer than as many side by side."""

    def seconds(text):
        begin = time.process_time()
        text_of(text, JSON)
        return time.process_time() - begin

    def nested(depth):
        return '{"a:b": ' + '{"tokens": ' * depth + "5" + "}" * (depth + 1)

    grown = min(seconds(nested(160)) / max(seconds(nested(40)), 1e-9) for _ in range(5))
    assert grown < 12


@pytest.mark.parametrize(
    "unit", ["tokens=Usage(a=1, ", 'tokens: {"a":1, ', "tokens=(1,", "tokens=[[", "token: {1,", "max_tokens={a=1 "]
)
@pytest.mark.parametrize("content_type", ["text/plain", JSON])
def test_objects_of_measures_that_never_end_count_as_effort(unit, content_type):
    """Unclosed objects behind many names count as work, as reading all of them would take quadratic time."""
    text = unit * (65_536 // len(unit))
    if content_type == JSON:
        text = json.dumps({"note": text})
    best = float("inf")
    for _ in range(3):
        begin = time.thread_time()
        text_of(text, content_type)
        best = min(best, time.thread_time() - begin)
    assert best < 0.2


def test_long_lists_of_scored_tokens_stay():
    """A long response with the log probability of each token is read once, with little work."""
    content = [{"token": f"w{at}", "logprob": -0.25, "bytes": [119, 48]} for at in range(1000)]
    text = json.dumps({"choices": [{"logprobs": {"content": content}}], "usage": {"total_tokens": 3}})
    assert text_of(text, JSON) == text
