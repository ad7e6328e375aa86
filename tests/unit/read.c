/* SPDX-License-Identifier: MIT */
#include "read.h"

#include <stdlib.h>
#include <string.h>

#include "scratch.h"
#include "suites.h"
#include "text.h"

static struct diagnostics diagnostics;
static struct tree tree;

static void
begin(void)
{
	diagnostics = (struct diagnostics){ 0 };
	tree = (struct tree){ .file = "k.conf", .diagnostics = &diagnostics };
}

static void
end(void)
{
	read_free(&tree);
	diagnostic_free(&diagnostics);
}

static bool
reads(const char *text)
{
	end();
	begin();
	return read_tree(text, &tree);
}

static void
accepts(const char *text)
{
	ck_assert_msg(reads(text), "%s: %s", text, diagnostics.entries[0].message);
	ck_assert_uint_eq(diagnostics.count, 0);
}

static void
gives(const char *value, enum node_type type, const char *expected)
{
	const struct node *node;

	accepts(scratch_text("a = %s;\n", value));
	node = node_member(tree.node, "a");
	ck_assert_ptr_nonnull(node);
	ck_assert_int_eq(node->type, type);
	ck_assert_str_eq(node->text, expected);
}

START_TEST(settings_stand_in_the_order_of_the_text)
{
	const struct node *defaults, *idle, *rules, *rule;

	accepts(
	    "defaults: { idle = 60; mode = \"force\"; };\nrules = ( { user = [1, 2]; }, { } );\n");
	defaults = node_first(tree.node);
	ck_assert_str_eq(defaults->key, "defaults");
	ck_assert_int_eq(defaults->type, NODE_GROUP);
	idle = node_first(defaults);
	ck_assert_str_eq(idle->key, "idle");
	ck_assert_str_eq(node_next(defaults, idle)->key, "mode");
	ck_assert_ptr_null(node_next(defaults, node_next(defaults, idle)));
	rules = node_next(tree.node, defaults);
	ck_assert_ptr_eq(node_member(tree.node, "rules"), rules);
	ck_assert_int_eq(rules->type, NODE_LIST);
	rule = node_first(rules);
	ck_assert_ptr_null(rule->key);
	ck_assert_int_eq(node_first(rule)->type, NODE_ARRAY);
	ck_assert_str_eq(node_first(node_first(rule))->text, "1");
	rule = node_next(rules, rule);
	ck_assert_ptr_null(node_first(rule));
	ck_assert_ptr_null(node_next(rules, rule));
	ck_assert_ptr_null(node_next(tree.node, rules));
}

START_TEST(values_are_what_was_written)
{
	gives("60", NODE_NUMBER, "60");
	gives("-5", NODE_NUMBER, "-5");
	gives("+60", NODE_NUMBER, "60");
	gives("0x3C", NODE_NUMBER, "60");
	gives("60L", NODE_NUMBER, "60");
	gives("1.5", NODE_NUMBER, "1.5");
	gives("true", NODE_BOOLEAN, "true");
	gives("FALSE", NODE_BOOLEAN, "FALSE");
	gives("\"60s\"", NODE_STRING, "60s");
	gives("\"\"", NODE_STRING, "");
	gives("\"a\\\"b\\\\c\\x41\"", NODE_STRING, "a\"b\\cA");
	gives("\"joined \" \"strings\"", NODE_STRING, "joined strings");
}

START_TEST(integer_that_libconfig_would_wrap_is_kept_as_written)
{
	gives("4294967356", NODE_NUMBER, "4294967356");
	gives("-4294967236", NODE_NUMBER, "-4294967236");
	gives("4294967356L", NODE_NUMBER, "4294967356");
	gives("0x10000003C", NODE_NUMBER, "4294967356");
}

START_TEST(number_beyond_64_bits_never_becomes_a_small_one)
{
	static const char *const numbers[] = { "18446744073709551676", "-18446744073709551556",
		"99999999999999999999999999", "18446744073709551676L", "0x1000000000000003C" };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const char *text = scratch_text("a = %s", numbers[i]);

		if (reads(text)) /* a later libconfig refuses it itself */
			ck_assert_str_eq(tree.node[1].text, numbers[i]);
		else
			ck_assert_uint_eq(diagnostics.count, 1);
	}
}

START_TEST(nodes_know_where_they_stand)
{
	const struct node *idle;

	accepts("defaults: {\n\tidle = \"60s\";\n};\n");
	idle = node_first(node_first(tree.node));
	ck_assert_uint_eq(idle->name.number, 2);
	ck_assert_uint_eq(idle->name.at - idle->name.line, 1);
	ck_assert_uint_eq(idle->name.width, 4);
	ck_assert_uint_eq(idle->value.at - idle->value.line, 8);
	ck_assert_uint_eq(idle->value.width, 5);
}

START_TEST(empty_text_is_an_empty_group)
{
	accepts("");
	ck_assert_uint_eq(tree.count, 1);
	ck_assert_ptr_null(node_first(tree.node));
	ck_assert_ptr_null(node_member(tree.node, "defaults"));
	accepts("# only a comment\n");
	ck_assert_uint_eq(tree.count, 1);
}

START_TEST(last_line_needs_no_end)
{
	static const char *const texts[] = { "a = 1", "a = 1; # b", "a = 1; // b", "a = 1; /* b */",
		"a = 1;\r", "#", "//" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		accepts(texts[i]);
}

static void
refuses(const char *text, unsigned line)
{
	ck_assert_msg(!reads(text), "not refused: %s", text);
	ck_assert_uint_eq(diagnostics.count, 1);
	ck_assert_msg(diagnostics.entries[0].line == line, "%s: line %u, not %u", text,
	    diagnostics.entries[0].line, line);
	ck_assert_ptr_null(tree.node);
	ck_assert_uint_eq(tree.count, 0);
}

/* Not `( 1,, 2 )`, which libconfig 1.7 takes for a list of two. */
START_TEST(what_libconfig_refuses_is_refused_with_its_line)
{
	refuses("a = 1;\nb = x;\n", 2);
	refuses("a = 1;\n\na = 2;\n", 3);
	refuses("a = 1;\nb = 12x;\n", 2);
	refuses("a = 1;\nb = [ 1,\n \"x\" ];\n", 3);
	refuses("a = 1;;\n", 1);
	refuses("rules = (\n { a = 1; }\n { a = 2; }\n);\n", 3);
	refuses("a = 1.2.3;\n", 1);
}

/* libconfig reads `a = 60b = 1` as two settings; a person does not. */
START_TEST(what_two_readers_would_take_differently_is_refused)
{
	refuses("a = 60b = 1;\n", 1);
	refuses("a = 8000-8099;\n", 1);
	refuses("a = 1e;\n", 1);
}

START_TEST(include_does_not_open_a_file)
{
	scratch_enter();
	scratch_write("other.conf", "b = 1;\n");
	refuses("a = 1;\n@include \"other.conf\"\n", 2);
	refuses("@include \"/\"\n", 1);
}

static const char sample[] =
    "# comment\ndefaults: { idle = \"60s\"; interval = 10; count=6L /* x */ };\n"
    "profiles: { office = { path_timeout = 0x70; }; };\nrules = (\n"
    "\t{ program = [\"a\", \"b\\\"\\x41\"]; mode = \"off\" \"\"; }, // y\n"
    "\t{ user = -1; f = 1.5e3; t = true; }\n);\nlog = \"sys\" # j\n\"log\";\n";

/* A text is a tree or a diagnostic, never both and never neither; every span lies inside of the text. */
static void
is_tree_or_error(const char *text)
{
	bool good = reads(text);
	const char *last = text + strlen(text);

	ck_assert_msg(good == (diagnostics.count == 0), "%s", text);
	for (size_t i = 1; i < tree.count; i++) {
		const struct node *node = &tree.node[i];

		ck_assert(node->value.line >= text && node->value.at >= node->value.line &&
			  node->value.at + node->value.width <= last);
		ck_assert_uint_ge(node->value.width, 1);
		ck_assert_uint_ge(node->value.number, 1);
		ck_assert_uint_le(i + node->size, tree.count);
		ck_assert(node_is_aggregate(node) == (node->text == NULL));
	}
	for (size_t i = 0; i < diagnostics.count; i++)
		ck_assert_uint_ge(diagnostics.entries[i].column, 1);
}

/* Copied to its very size, so that every step beyond is noticed. */
static void
try_text(const char *text, size_t size)
{
	char *copied = malloc(size + 1);

	ck_assert_ptr_nonnull(copied);
	memcpy(copied, text, size);
	copied[size] = '\0';
	is_tree_or_error(copied);
	free(copied);
}

START_TEST(every_truncation_is_a_tree_or_an_error)
{
	accepts(sample);
	for (size_t size = 0; size < sizeof(sample); size++)
		try_text(sample, size);
}

START_TEST(every_change_is_a_tree_or_an_error)
{
	static const char alphabet[] = "{}()[]=:;,\"\\#/*@\n\r\t ax0-+.L\xc3\x01";
	char text[sizeof(sample)];

	for (int round = 0; round < 6000; round++) {
		uint32_t changes = 1 + scratch_random(3);

		memcpy(text, sample, sizeof(sample));
		while (changes-- != 0)
			text[scratch_random(sizeof(sample) - 1)] =
			    alphabet[scratch_random(sizeof(alphabet) - 1)];
		try_text(text, strlen(text));
	}
}

START_TEST(random_texts_are_a_tree_or_an_error)
{
	static const char *const tokens[] = { "a", " = ", "{", "}", "(", ")", "[", "]", ";", ",",
		"\"x\"", "12", "-1", "0x1F", "1.5", "true", "\n", "# c\n", "/*", "*/", "//", ":",
		"@include", "\"", "\\", "bc = 1;" };

	for (int round = 0; round < 4000; round++) {
		char text[400];
		struct text random = text_in(text, sizeof(text));
		uint32_t count = 1 + scratch_random(20);

		while (count-- != 0)
			text_put(
			    &random, tokens[scratch_random(sizeof(tokens) / sizeof(tokens[0]))]);
		try_text(text, strlen(text));
	}
}

Suite *
read_suite(void)
{
	Suite *suite = suite_create("read");
	TCase *claims = tcase_create("read");

	tcase_add_checked_fixture(claims, begin, end);
	tcase_add_test(claims, settings_stand_in_the_order_of_the_text);
	tcase_add_test(claims, values_are_what_was_written);
	tcase_add_test(claims, integer_that_libconfig_would_wrap_is_kept_as_written);
	tcase_add_test(claims, number_beyond_64_bits_never_becomes_a_small_one);
	tcase_add_test(claims, nodes_know_where_they_stand);
	tcase_add_test(claims, empty_text_is_an_empty_group);
	tcase_add_test(claims, last_line_needs_no_end);
	tcase_add_test(claims, what_libconfig_refuses_is_refused_with_its_line);
	tcase_add_test(claims, what_two_readers_would_take_differently_is_refused);
	tcase_add_test(claims, include_does_not_open_a_file);
	tcase_add_test(claims, every_truncation_is_a_tree_or_an_error);
	tcase_add_test(claims, every_change_is_a_tree_or_an_error);
	tcase_add_test(claims, random_texts_are_a_tree_or_an_error);
	suite_add_tcase(suite, claims);
	return suite;
}
