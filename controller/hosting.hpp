#pragma once
#include "controller/core.hpp"

namespace ballast {

// What customers' machines give for the sake of others: in equal shares, and no longer than was promised.

/// Who they are.
void index_customers(Core& core);

/// For this epoch customers' machines stand in line so that each customer gives its share of what is taken from all of
/// them; who has given more than the others lately goes later, and who has given all that was promised goes last.
void share_out(Core& core);

/// What passed between two steps counts; a promise that is used up is told.
void count_rests(Core& core, Now before);

/// Who rests for others from now on.
void judge_rests(Core& core);

/// In the mean of a customer's machines, this month.
Duration rested_each(const State& state, const Customer& customer);
std::vector<Customer> customers_of(const Site& site);

}  // namespace ballast
