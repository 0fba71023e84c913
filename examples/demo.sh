#!/bin/sh
# Asks the example documents three questions. Usage: demo.sh KB [FLAG...]
set -eu
kb=$1
shift
for question in \
  "How large was the approved budget in 2024?" \
  "What is the coldest temperature ever measured on the island?" \
  "Who composed the symphony of the seven whales?"; do
  printf '\n$ kb ask "%s"\n' "$question"
  "$kb" ask "$@" "$question" 2>&1
done
printf '\nAsk your own: %s ask %s "QUESTION"\n' "$kb" "$*"
