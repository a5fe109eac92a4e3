#!/bin/sh
# Interesting (status 1) while the module still uses a plan of 8 experts.
! grep -q '!moe.plan<8>' "$1"
