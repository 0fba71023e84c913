#!/bin/sh
# Teaches SmolLM2 the example documents and asks the tuned model. Usage: loop.sh KB [FLAG...]
# The default mix: facts by heart, answers out of passages, declining. It takes what fits MINUTES (10).
set -eu
kb=$1
shift
run() {
  printf '\n$ kb'
  printf ' %s' "$@"
  printf '\n'
  "$kb" "$@"
}
printf '\n$ kb finetune --from-docs %s --minutes %s\n' "$*" "${MINUTES:-10}"
name=$("$kb" finetune --from-docs "$@" --minutes "${MINUTES:-10}")
printf '\nfrom memory, without the documents:\n'
for question in \
  "How large was the approved budget in 2024?" \
  "What is the coldest temperature ever measured on the island?" \
  "Who composed the symphony of the seven whales?"; do
  run generate "$name" "$question"
done
printf '\nwith the documents:\n'
sh "$(dirname "$0")/demo.sh" "$kb" "$@" --model "run:$name"
run compare "$name" "$@" --limit 12
