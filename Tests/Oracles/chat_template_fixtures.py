"""Writes Tests/Fixtures/chat/expected.json: chat templates of the kinds that Llama, Qwen and their kin use, and what
transformers makes of conversations with them.

    python Tests/Oracles/chat_template_fixtures.py
"""

import json
import pathlib

from transformers.utils.chat_template_utils import _compile_jinja_template

FILE = pathlib.Path(__file__).parent.parent / "Fixtures" / "chat" / "expected.json"
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}

LLAMA2 = """{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"""
LLAMA3 = """{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"""
LLAMA31 = """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not tools_in_user_message is defined %}
    {%- set tools_in_user_message = true %}
{%- endif %}
{%- if not date_string is defined %}
    {%- set date_string = "26 Jul 2024" %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}

{#- The system message, so that it can stand in its place. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}

{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if builtin_tools is defined or tools is not none %}
    {{- "Environment: ipython\\n" }}
{%- endif %}
{{- "Today Date: " + date_string + "\\n\\n" }}
{%- if tools is not none and not tools_in_user_message %}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
{%- endif %}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("This model only supports single tool-calls at once!") }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""
QWEN2 = """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"""
QWEN3 = """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools><|im_end|>\\n" }}
{%- else %}
    {%- if messages[0].role == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in content %}
                {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
                {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
            {%- endif %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index %}
            {%- if loop.last or (not loop.last and reasoning_content) %}
                {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
            {%- else %}
                {{- '<|im_start|>' + message.role + '\\n' + content }}
            {%- endif %}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {%- if message.tool_calls %}
            {%- for tool_call in message.tool_calls %}
                {{- tool_call.arguments | tojson }}
            {%- endfor %}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}"""
ZEPHYR = """{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>
' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>
' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>
'  + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}"""
CONSTRUCTS = """{# a comment #}
{%- macro turn(role, text="none", mark='*') %}
  [{{ role|upper }}{{ mark }}] {{ text }}
{%- endmacro %}
{% set parts = [] %}
{%- for m in messages if m.role != 'system' %}
{{ turn(m.role, m.content, mark=loop.index ~ '/' ~ loop.length) }}{% if not loop.last %},{% else %}.{% endif %}

{%- else %}nobody{% endfor %}
{% set ns = namespace(n=0) %}{% for i in range(7) %}{% if i is odd %}{% continue %}{% endif %}{% if i > 4 %}{% break %}{% endif %}{% set ns.n = ns.n + i * 2 %}{% endfor %}{{ ns.n }}
{{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 'a' * 3 }} {{ 1 < 2 <= 2 }} {{ not 1 == 2 }} {{ 2 in [1, 2] }} {{ 'b' not in 'abc' }}
{{ {'a': 1, 'b': [true, none, 'x"y\\n']} | tojson }} {{ {'k': [1, {}], 'é': '<'} | tojson(indent=2) }}
{{ [1, 'two', none, true, 2.5] }} {{ "it's" }} {{ ['it\\'s', {'a': 'b'}] }}
{{ 'abcdef'[1:-1] }} {{ 'abcdef'[::-2] }} {{ [1,2,3][-1] }} {{ messages[-1].content[:3] }} {{ (1, 2)|length }}
{{ missing is defined }} {{ missing }} {{ missing|default('other') }} {{ ''|default('empty', true) }} {{ messages[0].nothing is none }}
{{ ' a b  c '.split() | join('|') }} {{ 'a,b,c'.split(',', 1) }} {{ 'xxaxx'.strip('x') }} {{ 'One two'.title() }} {{ 'abc'.replace('b', 'é') }} {{ 'ab'.find('b') }}
{{ messages | map(attribute='role') | join(',') }} {{ messages | selectattr('role', 'equalto', 'user') | list | length }} {{ 'x' if false else 'y' }}{{ 'z' if false }}
{% for k, v in {'p': 1, 'q': 2}.items() %}{{ k }}={{ v }};{% endfor %} {% set block %}  inside {{ 1 + 1 }} {% endset %}{{ block | trim }} {{ block|length }}
   {% if true %}   indented
   {%+ if true %} kept {% endif +%}
{% endif %}{{ 'A' "B" 'C' }} {{ "tab\\tend" }} {{ messages[0]['role'].startswith(('s', 'u')) if false else 3.0 }} {% generation %}own{% endgeneration %}
"""
TEMPLATES = {"llama-2": LLAMA2, "llama-3": LLAMA3, "llama-3.1": LLAMA31, "qwen2": QWEN2, "qwen3": QWEN3, "zephyr": ZEPHYR,
             "constructs": CONSTRUCTS}


def turn(role, content):
    return {"role": role, "content": content}


CONVERSATIONS = [
    [turn("user", "What is 2+3?")],
    [turn("system", " Be short. "), turn("user", "  Hi\n\n")],
    [turn("user", "a <b> & 'c' \"d\""), turn("assistant", "<think>\nhm\n</think>\n\nyes"), turn("user", "中文 é 👍\n")],
    [turn("system", "s"), turn("user", "u"), turn("assistant", "a"), turn("user", "v"), turn("assistant", " w ")],
    [turn("assistant", "first")],
]


def render(template, messages, generation):
    try:
        return _compile_jinja_template(template).render(
            messages=messages, add_generation_prompt=generation, tools=None, documents=None, **TOKENS)
    except Exception:  # what raise_exception raises
        return None


cases = [
    {"template": name, "messages": messages, "add_generation_prompt": generation,
     "text": render(TEMPLATES[name], messages, generation)}
    for name in TEMPLATES for messages in CONVERSATIONS for generation in (True, False)
]
FILE.parent.mkdir(parents=True, exist_ok=True)
FILE.write_text(json.dumps({"templates": TEMPLATES, "tokens": TOKENS, "cases": cases}, indent=0) + "\n")
