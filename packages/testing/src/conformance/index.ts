export { testProvider } from './provider.ts';
export type { ErrorFixture, ExchangeFixture, ProviderFixtures } from './provider-fixtures.ts';
export { readErrors } from './provider-fixtures.ts';
