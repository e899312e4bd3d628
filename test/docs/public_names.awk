# Of public headers, outside of longbeat::internal: "Struct.field" for each options struct, "Enum.kName" for each enum.
function named_options(name) {
  return name ~ /(Options|Change)$/ || name ~ /^(RetryPolicy|Priority|CompletionCallback|ActivityById|TaskToken)$/
}
# The names that a declaration without comments introduces: "T a{}, b = 1" has a and b.
function print_fields(text,   parts, count, i) {
  while (gsub(/<[^<>]*>/, "", text)) continue
  while (gsub(/\{[^{}]*\}/, "", text)) continue
  gsub(/=[^,;]*/, "", text)
  if (text ~ /[()]/) return  # A function.
  count = split(text, parts, ",")
  for (i = 1; i <= count; ++i) {
    sub(/[ \t]+$/, "", parts[i])
    if (parts[i] ~ /[A-Za-z0-9_]$/) {
      sub(/^.*[ *&]/, "", parts[i])
      print within "." parts[i]
    }
  }
}
{ sub(/[ \t]*\/\/.*/, "") }
/^namespace longbeat::internal/ { internal = 1 }
/^LONGBEAT_BEGIN/ { internal = 0 }
internal { next }
/^enum class / { within = $3; kind = "enum"; sub(/^enum class [A-Za-z]*[^{]*\{?/, "") }
/^struct [A-Za-z]* *\{/ && named_options($2) { within = $2; kind = "struct"; declaration = ""; next }
kind == "enum" {
  line = $0
  while (match(line, /k[A-Z][A-Za-z]*/)) {
    print within "." substr(line, RSTART, RLENGTH)
    line = substr(line, RSTART + RLENGTH)
  }
}
/\};[ \t]*$/ && (kind == "enum" || /^\}/) { kind = ""; next }
kind == "struct" {
  declaration = declaration " " $0
  if (declaration ~ /;[ \t]*$/) {
    sub(/;[ \t]*$/, "", declaration)
    print_fields(declaration)
    declaration = ""
  }
}
